//! `cargo xtask sim`: the operator against a simulated cluster.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{build, process};

/// What every change must pass: seeds without a violation, and runs that repeat exactly. A seed costs a fifth of a second
/// of one core, which makes three minutes of two; longer runs, and `--defects`, are made by hand.
pub const CHECKS: [&[&str]; 2] = [&["--seeds", "2000"], &["--seeds", "10", "--replay"]];

/// Runs the simulation with `options`.
pub fn run(options: &[std::ffi::OsString]) -> Result<ExitCode> {
    process::run(command(&[])?.args(options))?;
    Ok(ExitCode::SUCCESS)
}

/// The simulation with `options`, built if need be.
pub fn command(options: &[&str]) -> Result<Command> {
    let mut cargo = build::operator_cargo()?;
    cargo.args(["run", "--release", "--locked", "--quiet", "--package", "simulation", "--bin", "sim", "--"]);
    cargo.args(options);
    Ok(cargo)
}
