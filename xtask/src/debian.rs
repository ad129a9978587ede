//! Debian packages that a task needs: installed where we may, named where we may not.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// Makes sure that `package` is there, as `present` sees it. Installs it as root, and says so.
pub fn ensure(package: &str, present: impl Fn(&str) -> bool) -> Result<()> {
    if present(package) {
        return Ok(());
    }
    if !nix::unistd::getuid().is_root() {
        bail!("the Debian package {package} is missing: install it with `sudo apt-get install {package}`");
    }
    eprintln!("Installing the Debian package {package} ...");
    process::run(Command::new("apt-get").args(["update", "--quiet=2"]))?;
    process::run(
        Command::new("apt-get")
            .args(["install", "--yes", "--quiet=2", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Whether `program` is there and answers `flag`, which asks for its version.
pub fn answers(program: &str, flag: &str) -> bool {
    process::succeeds(Command::new(program).arg(flag))
}
