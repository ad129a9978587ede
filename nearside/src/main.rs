//! `nearside`: the one command. Starts the platform on this machine, brings catalogues in, manages accounts.
//!
//! This is the composition root: the only program that sees the catalogue, the Flight server and the gateway
//! at once. It holds no logic of theirs.

mod bar;
mod config;
mod import;
mod sample;
mod up;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Bring files (CSV, text, ECSV, VOTable, Parquet) into a HATS table.
    Import(import::Args),
    /// Manage the accounts that may sign in.
    User(user::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    config::log_to_stderr();
    let outcome = match Cli::parse().command {
        Command::Up(args) => up::run(args).await,
        Command::Sample(args) => sample::run(&args),
        Command::Import(args) => import::run(args),
        Command::User(args) => user::run(args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
