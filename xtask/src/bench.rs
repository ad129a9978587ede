//! `cargo xtask bench NAME`: figures as ratios against a peer, measured in one run.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::build;
use crate::cache;
use crate::process;
use crate::python::Environment;

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    /// up: from the command to the first executed cell, and rows into a kernel.
    #[arg(value_enum)]
    name: Name,
    /// Write the rows to FILE as JSON too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Name {
    Up,
}

impl Name {
    /// The scripts that measure; each prints a JSON array of [`Row`] as its last line.
    fn scripts(self) -> &'static [&'static str] {
        match self {
            Self::Up => &["tests/bench/startup.py", "tests/bench/transfer.py"],
        }
    }
}

/// One figure beside its peer's, and the bar that the project set itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    value: f64,
    unit: String,
    peer: Option<String>,
    peer_value: Option<f64>,
    ratio: Option<f64>,
    bar: Option<String>,
    met: Option<bool>,
}

/// Runs the scripts of a benchmark, prints the table, and fails when a bar was missed.
pub fn run(args: &Args) -> Result<ExitCode> {
    let programs = build::programs()?;
    Environment::lab()?;
    let environment = Environment::tests()?;
    let mut rows = Vec::new();
    for script in args.name.scripts() {
        let mut command = Command::new(environment.python());
        command
            .arg(script)
            .current_dir(cache::checkout())
            .env("NEARSIDE_BIN", &programs.nearside)
            .env("NEARSIDE_LAB_AGENT", &programs.lab_agent);
        let (succeeded, lines) = process::tee(&mut command)?;
        anyhow::ensure!(succeeded, "{script} failed");
        let last = lines.last().with_context(|| format!("{script} printed nothing"))?;
        rows.extend(
            serde_json::from_str::<Vec<Row>>(last).with_context(|| format!("{script} printed no rows"))?,
        );
    }
    print(&rows);
    if let Some(path) = &args.json {
        fs::write(path, serde_json::to_vec_pretty(&rows)?)?;
    }
    let missed = rows.iter().any(|row| row.met == Some(false));
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "the table is what the task is for")]
fn print(rows: &[Row]) {
    println!("| what | value | unit | peer | peer's value | ratio | bar | met |");
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        println!(
            "| {} | {:.3} | {} | {} | {} | {} | {} | {} |",
            row.name,
            row.value,
            row.unit,
            row.peer.as_deref().unwrap_or_default(),
            number(row.peer_value),
            number(row.ratio),
            row.bar.as_deref().unwrap_or_default(),
            row.met.map_or("", |met| if met { "yes" } else { "NO" }),
        );
    }
}
