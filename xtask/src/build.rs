//! The programs, built once in the release profile that the tests use too.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{cache, debian, process};

/// Where the built programs are.
pub struct Programs {
    /// `nearside`, the composition root.
    pub nearside: PathBuf,
    /// `lab-agent`, one per lab.
    pub lab_agent: PathBuf,
}

/// Cargo in the checkout, building into the kept target directory. The programs' allocator is built by `make`.
pub fn cargo() -> Result<Command> {
    debian::ensure("make", |make| debian::answers(make, "--version"))?;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(cache::checkout()).env("CARGO_TARGET_DIR", cache::target()?);
    Ok(command)
}

/// Cargo in the operator's workspace, which is apart from the other programs.
pub fn operator_cargo() -> Result<Command> {
    let mut command = cargo()?;
    command.current_dir(cache::checkout().join("controller"));
    Ok(command)
}

/// Builds what `up` starts; quick when nothing has changed.
pub fn programs() -> Result<Programs> {
    let release = packages(&["nearside", "lab-agent"])?;
    Ok(Programs { nearside: release.join("nearside"), lab_agent: release.join("lab-agent") })
}

/// Builds what runs apart on a cluster, and gives the directory of the programs.
pub fn services() -> Result<PathBuf> {
    packages(&["nearside", "lab-agent", "kernel-gateway", "flight-server", "vo-server"])
}

/// Builds the operator.
pub fn controller() -> Result<PathBuf> {
    process::run(operator_cargo()?.args(["build", "--release", "--locked", "--package", "controller"]))?;
    Ok(cache::target()?.join("release/controller"))
}

/// Builds the Flight server too, which only a benchmark starts on its own. Alone it would want other features of the
/// engine's crates, and a quarter of an hour to compile them.
pub fn flight_server() -> Result<PathBuf> {
    Ok(packages(&["nearside", "lab-agent", "flight-server"])?.join("flight-server"))
}

/// Builds packages and says where their programs are.
fn packages(names: &[&str]) -> Result<PathBuf> {
    let mut command = cargo()?;
    command.args(["build", "--release", "--locked"]);
    process::run(command.args(names.iter().flat_map(|name| ["--package", name])))?;
    Ok(cache::target()?.join("release"))
}
