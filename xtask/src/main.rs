//! The tasks of this repository, so that a newcomer needs no other tool than cargo.
//!
//! `cargo xtask up` starts the platform, `cargo xtask test` tests everything, `cargo xtask bench` measures,
//! `cargo xtask cluster up` starts a Kubernetes to test on.

mod bench;
mod build;
mod cache;
mod cluster;
mod debian;
mod files;
mod oci;
mod process;
mod python;
mod sim;
mod tally;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build what is missing and start the platform; all options go to `nearside up` (try `up --help`).
    #[command(disable_help_flag = true)]
    Up {
        /// Options of `nearside up`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<std::ffi::OsString>,
    },
    /// Install or build what the tests need, and run all of them. With CI=true a missing part is a failure.
    Test {
        /// Only the steps whose name contains this: format, lints, dependencies, rust, simulation, python, cluster.
        #[arg(long)]
        only: Option<String>,
    },
    /// Run the operator against a simulated cluster; all options go to the simulation (try `sim --help`).
    #[command(disable_help_flag = true)]
    Sim {
        /// Options of the simulation.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<std::ffi::OsString>,
    },
    /// Bring a real Kubernetes of one node up on this machine, or take it down.
    Cluster(cluster::Args),
    /// Measure against the peers and print rows of name, value, peer, ratio and bar.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Up { options } => up::run(&options),
        Task::Test { only } => test::run(only.as_deref()),
        Task::Sim { options } => sim::run(&options),
        Task::Cluster(args) => cluster::run(&args),
        Task::Bench(args) => bench::run(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
