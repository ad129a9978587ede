//! `cargo xtask up`: builds what is missing, then becomes `nearside up`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build;
use crate::python::Environment;

/// Never returns on success: this process becomes the platform, so that signals reach it directly.
pub fn run(options: &[OsString]) -> Result<ExitCode> {
    let programs = build::programs()?;
    let asks_for_help = options.iter().any(|option| option == "--help" || option == "-h");
    let mut command = Command::new(&programs.nearside);
    command.arg("up");
    if !asks_for_help {
        let environment = Environment::lab()?;
        command.arg("--python").arg(environment.python()).arg("--lab-agent").arg(&programs.lab_agent);
    }
    let error = command.args(options).exec();
    Err(error).with_context(|| format!("failed to start {}", programs.nearside.display()))
}
