//! The step `cluster` of `cargo xtask test`: the checks of `tests/cluster` on a cluster that is made for them.

use std::env;
use std::process::Command;
use std::thread;

use anyhow::Result;

use super::Cluster;
use super::binary::{self, Pace};
use crate::process;
use crate::tally::Tally;

/// Begins to build the cluster's programs in the background. That takes as long as to compile all of ours, on one core, and at
/// the lowest priority it has what the steps before this one leave. [`check`] waits for it, and tells when it fails.
pub fn prepare() {
    thread::spawn(|| binary::build(Pace::Leisure));
}

/// Brings a cluster up, runs the checks, and takes it down whatever happens. With `USE_EXISTING_CLUSTER=true` it takes the
/// cluster of `KUBECONFIG` instead and leaves it standing.
pub fn check() -> Result<Tally> {
    if env::var("USE_EXISTING_CLUSTER").is_ok_and(|value| value == "true") {
        return run_checks(&mut binary::go(Pace::Now, "test"));
    }
    let cluster = Cluster::find()?;
    cluster.down()?;
    let standing = Standing(&cluster);
    cluster.up(&[])?;
    let outcome = run_checks(
        binary::go(Pace::Now, "test")
            .env("KUBECONFIG", cluster.kubeconfig())
            .env("USE_EXISTING_CLUSTER", "true"),
    );
    drop(standing);
    outcome
}

/// A cluster that goes down with the scope it stands in.
struct Standing<'a>(&'a Cluster);

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.down() {
            eprintln!("error: the cluster did not go down: {error:#}");
        }
    }
}

fn run_checks(test: &mut Command) -> Result<Tally> {
    let (succeeded, lines) = process::tee(test.args(["-count=1", "-vet=off", "-v", "./policy", "./checks"]))?;
    Ok(Tally::of_go(&lines).honest(succeeded))
}
