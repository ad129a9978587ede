//! `nearside`: the one command. Starts the platform on this machine, brings catalogues in, manages accounts.
//!
//! This is the composition root: the only program that sees the catalogue, the Flight server and the gateway
//! at once. It holds no logic of theirs.

mod audit;
mod bar;
mod config;
mod import;
mod keys;
mod sample;
mod tap;
mod up;
mod user;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tikv_jemallocator::Jemalloc;
use tokio::runtime::Runtime;

/// Gives the memory of a query that ended back to the system, within the time that `.cargo/config.toml` says. The C
/// library's allocator keeps most of it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Notebooks next to the Gaia data: JupyterLab, and the catalogue over Arrow Flight at memory speed.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine and print a sign-in link.
    Up(up::Args),
    /// Generate the simulated sample sky as HATS tables.
    Sample(sample::Args),
    /// Bring files (CSV, text, ECSV, VOTable, FITS, Parquet) or the answer of a TAP service into a HATS table.
    Import(Box<import::Args>),
    /// Read one file for `import`, which starts this with little memory and time.
    #[command(name = import::READER, hide = true)]
    ImportReader,
    /// Manage the accounts that may sign in.
    User(user::Args),
    /// Make the keys of an installation whose parts run apart, as on Kubernetes.
    Keys(keys::Args),
    /// Check that the audit logs are whole.
    Audit(audit::Args),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    if matches!(command, Command::ImportReader) {
        // Before there is a runtime, whose threads would need memory that a reader does not have.
        return catalogue::import::serve_reader();
    }
    config::log_to_stderr();
    let outcome = Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(command));
        // A signal may have come in the middle of long work, whose thread must not keep the person waiting.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Up(args) => up::run(args).await,
        Command::Sample(args) => sample::run(&args),
        Command::Import(args) => import::run(*args).await,
        Command::ImportReader => unreachable!("it was served before the runtime began"),
        Command::User(args) => user::run(args).await,
        Command::Keys(args) => keys::run(&args),
        Command::Audit(args) => audit::run(args),
    }
}
