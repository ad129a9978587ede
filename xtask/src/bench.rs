//! `cargo xtask bench NAME`: figures as ratios against a peer, measured in one run.

mod page;
mod row;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::build::{self, Programs};
use crate::python::Environment;
use crate::{cache, debian, process};
use row::{Row, table};

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// up: from the command to the first executed cell, and rows into a kernel.
    /// kernels: cells beside bare ZeroMQ and a stock Jupyter server.
    /// catalogue: the engine beside DuckDB, LSDB, DataFusion, Polars, and PostgreSQL with Q3C, on the same rows.
    /// vo: the VO services beside astropy and DuckDB, on the same rows.
    #[arg(value_enum)]
    name: Name,
    /// Write the rows to FILE as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// catalogue, vo: rows of the sky. Fewer than the default are for trying out and leave docs/ alone.
    #[arg(long, default_value_t = FULL_ROWS)]
    rows: u64,
    /// catalogue: the largest sky that growth is measured over. A billion rows take 2 GB of the cache and ten minutes once.
    #[arg(long, default_value_t = FULL_ROWS)]
    largest: u64,
    /// catalogue: only these chapters, and docs/ is left alone.
    #[arg(long, value_name = "CHAPTER", num_args = 1..)]
    only: Vec<String>,
}

/// The size that the table in docs/BENCHMARKS.md is about.
const FULL_ROWS: u64 = 10_000_000;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    Up,
    Kernels,
    Catalogue,
    Vo,
}

/// Measures, prints the table, and fails when a bar was missed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let programs = build::programs()?;
    let rows = match args.name {
        Name::Up => by_scripts(&["startup.py", "transfer.py"], &programs)?,
        Name::Kernels => by_scripts(&["kernels.py"], &programs)?,
        Name::Catalogue => catalogue(args, &programs)?,
        Name::Vo => vo(args, &programs)?,
    };
    print(&rows);
    if let Some(path) = &args.json {
        fs::write(path, serde_json::to_vec_pretty(&rows)?)?;
    }
    let missed = rows.iter().any(|row| row.met == Some(false));
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What scripts of `tests/bench` measure about the whole platform.
fn by_scripts(scripts: &[&str], programs: &Programs) -> Result<Vec<Row>> {
    Environment::lab()?;
    let environment = Environment::tests()?;
    let measure = |script: &&str| {
        rows_of(Command::new(environment.python()).arg(format!("tests/bench/{script}")), programs)
    };
    Ok(scripts.iter().map(measure).collect::<Result<Vec<_>>>()?.concat())
}

fn catalogue(args: &Args, programs: &Programs) -> Result<Vec<Row>> {
    let environment = Environment::peers()?;
    for (package, file) in [("postgresql-15", "bin/postgres"), ("postgresql-15-q3c", "lib/q3c.so")] {
        debian::ensure(package, |_| PathBuf::from("/usr/lib/postgresql/15").join(file).exists())?;
    }
    let docs = cache::checkout().join("docs");
    let full = args.rows >= FULL_ROWS && args.only.is_empty();
    let mut command = Command::new(environment.python());
    command.env("NEARSIDE_FLIGHT_SERVER", build::flight_server()?);
    command.arg("tests/bench/catalogue").arg("--cache").arg(cache::root()?.join("bench"));
    command.args(["--rows", &args.rows.to_string(), "--largest", &args.largest.to_string()]);
    if full {
        command.arg("--plots").arg(&docs);
    }
    if !args.only.is_empty() {
        command.arg("--only").args(&args.only);
    }
    let rows = rows_of(&mut command, programs)?;
    if full {
        page::write(&docs.join("BENCHMARKS.md"), "catalogue", &page::text(args.rows, &rows))?;
    }
    Ok(rows)
}

fn vo(args: &Args, programs: &Programs) -> Result<Vec<Row>> {
    Environment::lab()?;
    let environment = Environment::tests()?;
    let mut command = Command::new(environment.python());
    command.arg("tests/bench/vo").arg("--cache").arg(cache::root()?.join("bench"));
    command.args(["--rows", &args.rows.to_string()]);
    let rows = rows_of(&mut command, programs)?;
    if args.rows >= FULL_ROWS {
        let docs = cache::checkout().join("docs");
        page::write(&docs.join("BENCHMARKS.md"), "vo", &page::text(args.rows, &rows))?;
    }
    Ok(rows)
}

/// Runs a script that prints a JSON array of [`Row`] as its last line.
fn rows_of(command: &mut Command, programs: &Programs) -> Result<Vec<Row>> {
    command
        .current_dir(cache::checkout())
        .env("NEARSIDE_BIN", &programs.nearside)
        .env("NEARSIDE_LAB_AGENT", &programs.lab_agent);
    let (succeeded, lines) = process::tee(command)?;
    anyhow::ensure!(succeeded, "the measurement failed");
    let last = lines.last().context("the measurement printed nothing")?;
    serde_json::from_str(last).context("the measurement printed no rows")
}

#[expect(clippy::print_stdout, reason = "the table is what the task is for")]
fn print(rows: &[Row]) {
    println!("{}", table(rows));
}
