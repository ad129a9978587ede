//! Python environments from hash-locked requirements, made once and made anew when the lock changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::files::{self, fingerprint};
use crate::{cache, debian, process};

/// A finished virtual environment.
pub struct Environment {
    dir: PathBuf,
}

impl Environment {
    /// What a lab has: JupyterLab, astronomy packages and `nearside`.
    pub fn lab() -> Result<Self> {
        Self::open("lab", &["python/requirements.lock"])
    }

    /// What a lab has, and what the tests need on top.
    pub fn tests() -> Result<Self> {
        Self::open("tests", &["python/requirements.lock", "tests/requirements.lock"])
    }

    /// The peers of `bench catalogue`, which want other versions than a lab, and no `nearside`.
    pub fn peers() -> Result<Self> {
        Self::with_packages("peers", &["tests/bench/requirements.lock"])
    }

    /// What the labs of the test cluster have: enough for one of the notebooks, so that their image is small.
    pub fn cluster() -> Result<Self> {
        Self::open("cluster", &["tests/cluster/checks/requirements.lock"])
    }

    /// What was installed: another text for other packages.
    pub fn contents(&self) -> Result<String> {
        let marks = ["packages", "nearside"].map(|work| fs::read_to_string(self.mark(work)));
        Ok(marks.into_iter().collect::<Result<Vec<_>, _>>()?.join(" "))
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program that one of its packages brought.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join("bin").join(name)
    }

    /// The locked packages, and `nearside` on top.
    fn open(name: &str, locks: &[&str]) -> Result<Self> {
        let environment = Self::with_packages(name, locks)?;
        let sources = files::below(&cache::checkout().join("python"))?;
        let packages = fs::read_to_string(environment.mark("packages"))?;
        environment.once("nearside", &format!("{packages} {}", fingerprint(&sources)?), || {
            environment.install_nearside()
        })?;
        Ok(environment)
    }

    fn with_packages(name: &str, locks: &[&str]) -> Result<Self> {
        let environment = Self { dir: cache::root()?.join(format!("python-{name}")) };
        let locks: Vec<_> = locks.iter().map(|lock| cache::checkout().join(lock)).collect();
        let bootstrap = cache::checkout().join("python/bootstrap.lock");
        let wanted = fingerprint(locks.iter().chain([&bootstrap]))?;
        environment.once("packages", &wanted, || environment.install(&bootstrap, &locks))?;
        Ok(environment)
    }

    /// Does `work` unless its mark says that it was done for `wanted`. The mark is written last.
    fn once(&self, work_name: &str, wanted: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let mark = self.mark(work_name);
        if fs::read_to_string(&mark).is_ok_and(|found| found == wanted) {
            return Ok(());
        }
        work().with_context(|| format!("failed to make the Python environment {}", self.dir.display()))?;
        Ok(fs::write(mark, wanted)?)
    }

    fn mark(&self, work_name: &str) -> PathBuf {
        self.dir.join(format!(".{work_name}"))
    }

    fn install(&self, bootstrap: &Path, locks: &[PathBuf]) -> Result<()> {
        eprintln!("Installing Python packages into {} ...", self.dir.display());
        debian::ensure("python3-venv", |_| {
            process::succeeds(Command::new("python3").args(["-m", "ensurepip", "--version"]))
        })?;
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir)?;
        }
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&self.dir))?;
        process::run(
            Command::new(self.python())
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"])
                .arg("--requirement")
                .arg(bootstrap),
        )?;
        let mut install = self.uv();
        install.arg("--require-hashes");
        for lock in locks {
            install.arg("--requirement").arg(lock);
        }
        process::run(&mut install)
    }

    fn install_nearside(&self) -> Result<()> {
        let package = cache::checkout().join("python");
        process::run(
            self.uv()
                .args(["--quiet", "--no-deps", "--no-build-isolation", "--reinstall-package", "nearside"])
                .arg(package),
        )
    }

    fn uv(&self) -> Command {
        let mut command = Command::new(self.program("uv"));
        command.args(["pip", "install", "--compile-bytecode", "--python"]).arg(self.python());
        command
    }
}
