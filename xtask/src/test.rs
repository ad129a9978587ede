//! `cargo xtask test`: everything that must hold, in the order in which it fails fastest.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;

use crate::build::{self, Programs};
use crate::python::Environment;
use crate::tally::Tally;
use crate::{cache, cluster, debian, process, sim};

type Step = (&'static str, fn(&Context) -> Result<Tally>);

const STEPS: &[Step] = &[
    ("format", format),
    ("dependencies", dependencies),
    ("lints", lints),
    ("rust", rust),
    ("simulation", simulation),
    ("python", python),
    ("cluster", cluster),
];

/// What the steps share.
struct Context {
    environment: Environment,
}

/// Runs the steps whose name contains `only`, or all of them, and ends with the tally on a line of its own.
#[expect(clippy::print_stdout, reason = "the report is what the task is for")]
pub fn run(only: Option<&str>) -> Result<ExitCode> {
    ensure_program("chromium", "--version", "the browser test")?;
    ensure_program("stilts", "-version", "the tests with validators of VO services")?;
    ensure_postgres()?;
    let context = Context { environment: Environment::tests()? };
    let mut tally = Tally::default();
    let steps: Vec<_> =
        STEPS.iter().filter(|(name, _)| only.is_none_or(|only| name.contains(only))).collect();
    if steps.iter().any(|(name, _)| *name == "cluster") && clusters_are_possible() {
        cluster::prepare();
    }
    for (name, step) in steps {
        eprintln!("== {name}");
        let began = Instant::now();
        let outcome = step(&context).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::one(false)
        });
        eprintln!("== {name}: {outcome} in {:.0} s", began.elapsed().as_secs_f64());
        tally += outcome;
    }
    println!("{tally}");
    let nothing_ran = tally.passed == 0;
    Ok(if tally.failed > 0 || nothing_ran { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Without a program its tests are skipped and counted; in CI that is a failure.
fn ensure_program(package: &str, version: &str, tests: &str) -> Result<()> {
    let ensured = debian::ensure(package, |program| debian::answers(program, version));
    if let (Err(error), false) = (&ensured, in_ci()) {
        eprintln!("{error:#}; {tests} will be skipped");
        return Ok(());
    }
    ensured
}

/// Its programs are on nobody's PATH. Without them the tests of shared databases fail: that they run is the point.
fn ensure_postgres() -> Result<()> {
    let ensured =
        debian::ensure("postgresql-15", |_| Path::new("/usr/lib/postgresql/15/bin/postgres").exists());
    if let (Err(error), false) = (&ensured, in_ci()) {
        eprintln!("{error:#}; the tests with PostgreSQL will fail");
        return Ok(());
    }
    ensured
}

/// A cluster needs root. In CI there is no excuse: its step fails and says so.
fn clusters_are_possible() -> bool {
    nix::unistd::getuid().is_root() || in_ci()
}

fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn format(_: &Context) -> Result<Tally> {
    checks(build::cargo()?.args(["fmt", "--all", "--check"]))?;
    checks(build::operator_cargo()?.args(["fmt", "--all", "--check"]))
}

fn lints(_: &Context) -> Result<Tally> {
    let clippy =
        ["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    checks(build::cargo()?.args(clippy))?;
    checks(build::operator_cargo()?.args(clippy))
}

/// Licences, sources and banned versions. Advisories need a database from the network; the versions known
/// to be bad are among the bans.
fn dependencies(context: &Context) -> Result<Tally> {
    for workspace in [cache::checkout(), &cache::checkout().join("controller")] {
        let mut deny = Command::new(context.environment.program("cargo-deny"));
        deny.current_dir(workspace);
        let config = cache::checkout().join("deny.toml");
        deny.args(["--log-level", "error", "--config"]).arg(config);
        process::run(deny.args(["check", "bans", "licenses", "sources"]))?;
    }
    Ok(Tally::one(true))
}

fn rust(context: &Context) -> Result<Tally> {
    let mut test = build::cargo()?;
    test.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    let (succeeded, lines) = process::tee(test.env("NEARSIDE_PYTHON", context.environment.python()))?;
    Ok(Tally::of_cargo(&lines).honest(succeeded))
}

/// The operator's own tests, then its simulation: seeds and replays.
fn simulation(_: &Context) -> Result<Tally> {
    let mut test = build::operator_cargo()?;
    test.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    let (succeeded, lines) = process::tee(&mut test)?;
    let mut tally = Tally::of_cargo(&lines).honest(succeeded);
    for options in sim::CHECKS {
        tally += checks(&mut sim::command(options)?)?;
    }
    Ok(tally)
}

fn python(context: &Context) -> Result<Tally> {
    let Programs { nearside, lab_agent } = build::programs()?;
    let sample = cache::root()?.join("test-sample");
    if sample.exists() {
        fs::remove_dir_all(&sample)?;
    }
    process::run(Command::new(&nearside).arg("sample").arg(&sample))?;
    let mut pytest = Command::new(context.environment.python());
    pytest
        .args(["-m", "pytest", "-p", "no:cacheprovider", "--durations=10", "-ra"])
        .arg(Path::new("tests").join("python"))
        .current_dir(cache::checkout())
        .env("NEARSIDE_BIN", &nearside)
        .env("NEARSIDE_LAB_AGENT", &lab_agent)
        .env("NEARSIDE_SAMPLE", &sample);
    let (succeeded, lines) = process::tee(&mut pytest)?;
    Ok(Tally::of_pytest(&lines).honest(succeeded))
}

fn cluster(_: &Context) -> Result<Tally> {
    if clusters_are_possible() {
        return cluster::check();
    }
    eprintln!("SKIPPED: a cluster needs root");
    Ok(Tally { skipped: 1, ..Tally::default() })
}

/// A step that is one check.
fn checks(command: &mut Command) -> Result<Tally> {
    process::run(command)?;
    Ok(Tally::one(true))
}
