//! A lab's image with JupyterLab: the Python of this machine, the packages of a lock file, and the C libraries of both.
//!
//! It has no agent: that is put into a lab of any image.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::labs::{NAMES, libraries};
use crate::oci::{Image, Start};
use crate::process;
use crate::python::Environment;

/// Where the packages are in the image; the interpreter is `bin/python` below.
const PACKAGES: &str = "opt/lab";

/// What labs do without: what installs packages.
const OF_THE_ENVIRONMENT: [&str; 3] = ["uv", "uvx", "pip"];

/// What they do without of the interpreter's own library.
const OF_THE_LIBRARY: [&str; 6] =
    ["site-packages", "dist-packages", "ensurepip", "idlelib", "lib2to3", "test"];

/// Makes the archive, with `more` files, unless it was made of the same. Gives the image's digest.
pub fn image(dir: &Path, more: &[PathBuf]) -> Result<String> {
    let environment = Environment::cluster()?;
    let python = process::lines(Command::new(environment.python()).args(["-c", ABOUT]))?;
    let [version, base, program] = python.as_slice() else { anyhow::bail!("{ABOUT} says something else") };
    let (archive, mark) = (dir.join("notebook.tar"), dir.join("notebook.mark"));
    let made_of = format!("{version} {}", environment.contents()?);
    let kept = fs::read_to_string(&mark).unwrap_or_default();
    if let Some((digest, _)) = kept.split_once(' ').filter(|(_, of)| archive.exists() && *of == made_of) {
        return Ok(digest.to_owned());
    }
    let digest = make(&environment, Path::new(base), Path::new(program), more, &archive)?;
    fs::write(mark, format!("{digest} {made_of}"))?;
    Ok(digest)
}

/// Version, library and program of the interpreter that an environment was made with.
const ABOUT: &str = "import os, sys; print(sys.version.replace('\\n', ' ')); print(os.path.dirname(os.__file__)); \
                     print(os.path.realpath(sys.executable))";

fn make(
    environment: &Environment,
    base: &Path,
    program: &Path,
    more: &[PathBuf],
    archive: &Path,
) -> Result<String> {
    eprintln!("Making the image of a lab with JupyterLab ...");
    let mut image = Image::new()?;
    let mut layer = image.layer()?;
    layer.directory("tmp", 0o1777)?;
    let inside = |dir: &Path, path: &Path| path.parent() == Some(dir);
    let programs = environment.dir().join("bin");
    layer.tree(PACKAGES, environment.dir(), &|path| {
        // The links to the interpreter are made anew: they lead through places of this machine.
        let is_link = inside(&programs, path) && path.is_symlink();
        is_link
            || is_one_of(&OF_THE_ENVIRONMENT, path)
                && (inside(&programs, path) || path.ends_with("site-packages/pip"))
    })?;
    for name in ["python", "python3"] {
        layer.link(&format!("{PACKAGES}/bin/{name}"), program)?;
    }
    layer.tree(&within(base)?, base, &|path| {
        is_one_of(&OF_THE_LIBRARY, path) && inside(base, path)
            || path.extension().is_some_and(|kind| kind == "a")
    })?;
    layer.file(&within(program)?, program, 0o755)?;
    let mut libraries: BTreeSet<_> = more.iter().cloned().chain(libraries(program)?).collect();
    for root in [environment.dir(), base] {
        libraries.extend(needed_below(root)?);
    }
    for library in libraries {
        layer.file(&within(&library)?, &library, 0o755)?;
    }
    image.add(layer)?;
    let start = Start { user: "1000:1000".to_owned(), ..Start::default() };
    Ok(image.write(&format!("{NAMES}/notebook:test"), &start, archive)?.0)
}

/// The libraries of this machine that the modules below a directory are linked to.
fn needed_below(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut needed = BTreeSet::new();
    for module in crate::files::below(root)? {
        if module.extension().is_some_and(|extension| extension == "so") && !module.is_symlink() {
            // What a package brings lies beside it, and is taken with it; what it lacks, it does without.
            let said = Command::new("ldd").arg(&module).output().context("failed to run ldd")?;
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            let libraries =
                said.split_whitespace().filter(|word| word.starts_with("/lib") || word.starts_with("/usr"));
            needed.extend(
                libraries.map(|word| PathBuf::from(word.trim_end_matches(':'))).filter(|path| path.is_file()),
            );
        }
    }
    Ok(needed)
}

fn is_one_of(names: &[&str], path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
}

/// An absolute path as it is in an image.
fn within(path: &Path) -> Result<String> {
    Ok(path.strip_prefix("/")?.to_string_lossy().into_owned())
}
