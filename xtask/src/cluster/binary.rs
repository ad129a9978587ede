//! The cluster's programs: one Go binary, built once for each state of its sources and kept.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{cache, files, process};

/// How much of the machine a build may have.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Somebody waits for it.
    Now,
    /// What others leave.
    Leisure,
}

/// The binary, built if it is not there yet. Whoever asks while it is being built waits for it.
pub fn build(pace: Pace) -> Result<PathBuf> {
    let sources = sources();
    let dir = cache::root()?.join("cluster").join(&files::fingerprint(&program_files(&sources)?)?[..16]);
    fs::create_dir_all(&dir)?;
    let lock = File::create(dir.join("lock"))?;
    lock.lock()?;
    let binary = dir.join("cluster");
    if binary.exists() {
        return Ok(binary);
    }
    let unfinished = dir.join("unfinished");
    eprintln!("Building Kubernetes for the test cluster: ten minutes on two cores, once ...");
    compile(pace, &unfinished, ".")?;
    fs::rename(unfinished, &binary)?;
    Ok(binary)
}

/// Where the Go module is.
pub fn sources() -> PathBuf {
    cache::checkout().join("tests/cluster")
}

/// The Go tool in the module. Static programs: some of them run in images that hold nothing else.
pub fn go(pace: Pace, action: &str) -> Command {
    let mut command = Command::new("nice");
    let niceness = match pace {
        Pace::Now => "0",
        Pace::Leisure => "19",
    };
    command.args(["-n", niceness, "go", action, "-trimpath"]).current_dir(sources()).env("CGO_ENABLED", "0");
    command
}

/// Builds a package of the module as the program `to`, and tells every tenth of a long way.
pub fn compile(pace: Pace, to: &Path, package: &str) -> Result<()> {
    if !process::succeeds(Command::new("go").arg("version")) {
        bail!("Go is missing: install Go 1.26 or newer, which builds the test cluster");
    }
    let packages = process::lines(go(pace, "list").args(["-deps", package]))?.len();
    let mut child = go(pace, "build")
        .args(["-v", "-ldflags", &linked_in(), "-o"])
        .arg(to)
        .arg(package)
        .stderr(Stdio::piped())
        .spawn()
        .context("failed to start go build")?;
    tell(child.stderr.take().context("standard error was not piped")?, packages)?;
    if !child.wait()?.success() {
        bail!("go build failed in {}", sources().display());
    }
    Ok(())
}

/// Follows what the Go tool says: the name of each package that it compiled, what it fetches, and what is wrong.
fn tell(said: impl Read, packages: usize) -> Result<()> {
    let (mut built, mut told) = (0, 0);
    for line in BufReader::new(said).lines() {
        let line = line?;
        if line.contains(' ') {
            if !line.starts_with("go: downloading") {
                eprintln!("{line}");
            }
            continue;
        }
        built += 1;
        let tenths = (built * 10 / packages).min(10);
        if tenths > told {
            told = tenths;
            eprintln!("  Kubernetes: {tenths}0 % of {packages} packages are compiled");
        }
    }
    Ok(())
}

/// Clients refuse a server that does not know its version.
fn linked_in() -> String {
    let version = "v1.36.3";
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    let settings = packages.map(|package| {
        format!("-X {package}.gitVersion={version} -X {package}.gitMajor=1 -X {package}.gitMinor=36")
    });
    format!("-s -w {}", settings.join(" "))
}

/// What the binary is made from: not its tests, nor the probe, which is a program of its own.
fn program_files(sources: &Path) -> Result<Vec<PathBuf>> {
    let mut found = files::below(sources)?;
    found.retain(|path| {
        let inner = path.strip_prefix(sources).unwrap_or(path);
        !inner.starts_with("probe")
            && !inner.starts_with("checks")
            && !path.to_string_lossy().ends_with("_test.go")
    });
    Ok(found)
}
