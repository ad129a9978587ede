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

/// What only installs packages.
const INSTALLERS: [&str; 5] = ["uv", "uvx", "pip", "ensurepip", "lib2to3"];

/// Makes the archive, with `more` files, unless it was made of the same. Gives the image's digest.
pub fn image(dir: &Path, more: &[PathBuf]) -> Result<String> {
    let environment = Environment::cluster()?;
    let python = process::lines(Command::new(environment.python()).args(["-c", ABOUT]))?;
    let [version, base, program] = python.as_slice() else { anyhow::bail!("{ABOUT} says something else") };
    let (archive, mark) = (dir.join("notebook.tar"), dir.join("notebook.mark"));
    let made_of = format!("{version} {}", fs::read_to_string(environment.dir().join(".packages"))?);
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
    let skip = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        INSTALLERS.contains(&name.as_str()) || name == "dist-packages" || name.ends_with(".a")
    };
    layer.tree(PACKAGES, environment.dir(), &skip)?;
    layer.tree(&within(base)?, base, &skip)?;
    layer.file(&within(program)?, program, 0o755)?;
    let name = program.file_name().context("an interpreter has a name")?;
    layer.link("usr/bin/python3", Path::new(name))?;
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

/// An absolute path as it is in an image.
fn within(path: &Path) -> Result<String> {
    Ok(path.strip_prefix("/")?.to_string_lossy().into_owned())
}
