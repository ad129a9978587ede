//! The step `cluster` of `cargo xtask test`: the checks of `tests/cluster` on a cluster that is made for them.

use std::env;
use std::process::Command;
use std::thread;

use anyhow::Result;

use super::Cluster;
use super::binary::{self, Pace};
use super::labs::{self, Labs};
use crate::python::Environment;
use crate::tally::Tally;
use crate::{cache, process};

/// Begins to build the cluster's programs in the background. That takes as long as to compile all of ours, on one core, and at
/// the lowest priority it has what the steps before this one leave. [`check`] waits for it, and tells when it fails.
pub fn prepare() {
    thread::spawn(|| binary::build(Pace::Leisure));
}

/// Brings a cluster up, runs the checks, and takes it down whatever happens. With `USE_EXISTING_CLUSTER=true` it takes the
/// cluster of `KUBECONFIG` instead and leaves it standing.
pub fn check() -> Result<Tally> {
    if env::var("USE_EXISTING_CLUSTER").is_ok_and(|value| value == "true") {
        return check_existing();
    }
    let cluster = Cluster::find()?;
    cluster.down()?;
    let labs = labs::prepare()?;
    let standing = Standing(&cluster);
    cluster.up(&labs.archives)?;
    let outcome = run_checks(checks_of(&cluster, &labs)?.env("KUBECONFIG", cluster.kubeconfig()));
    drop(standing);
    outcome
}

/// Another cluster has no images of ours, so labs are not checked there.
fn check_existing() -> Result<Tally> {
    let cluster = Cluster::find()?;
    if env::var_os("KUBECONFIG").is_none_or(|config| cluster.kubeconfig() != *config) {
        return run_checks(&mut binary::go(Pace::Now, "test"));
    }
    let labs = labs::prepare()?;
    cluster.load(&labs.archives)?;
    run_checks(&mut checks_of(&cluster, &labs)?)
}

fn checks_of(cluster: &Cluster, labs: &Labs) -> Result<Command> {
    let python = Environment::tests()?;
    let mut test = binary::go(Pace::Now, "test");
    let tests = cache::checkout().join("tests/python");
    test.env("USE_EXISTING_CLUSTER", "true")
        .env("KUBEBUILDER_ASSETS", cluster.programs())
        .env("NEARSIDE_MANIFESTS", cache::checkout().join("manifests"))
        .env("NEARSIDE_OVERLAY", &labs.overlay)
        .env("NEARSIDE_LAB_IMAGE", &labs.image)
        .env("NEARSIDE_NOTEBOOK_IMAGE", &labs.notebook)
        .env("NEARSIDE_PYTHON", python.python())
        .env("NEARSIDE_BROWSER", tests.join("cluster_browser.py"));
    Ok(test)
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
    // Two minutes where nobody else computes. Each wait has a deadline of its own.
    test.args(["-count=1", "-vet=off", "-timeout=30m", "-v", "./policy", "./checks"]);
    let (succeeded, lines) = process::tee(test)?;
    Ok(Tally::of_go(&lines).honest(succeeded))
}
