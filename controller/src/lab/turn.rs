//! Who may start now. Labs start in the order in which they were asked for, so many at a time as the cluster bears.

use api::resources::lab::{Phase, Queue};
use api::resources::{Lab, names};
use kube::ResourceExt as _;

use crate::config::Limits;
use crate::seen::Shelves;

/// Whether a lab may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It may.
    Now,
    /// Others were first.
    Wait(Queue),
}

/// The turn of `lab` among all that were seen.
pub fn turn(shelves: &Shelves, lab: &Lab, limits: &Limits) -> Turn {
    let has_pod = |lab: &Lab| shelves.pods.contains_key(&names::pod(&lab.name_any()));
    let phase = |lab: &Lab| lab.status.as_ref().map(|status| status.phase).unwrap_or_default();
    let starting = shelves
        .labs
        .values()
        .filter(|lab| phase(lab) == Phase::Starting || (phase(lab) == Phase::Queued && has_pod(lab)));
    let free = limits.starting.saturating_sub(starting.count());
    let before = |other: &Lab| {
        phase(other) == Phase::Queued && other.spec.running && !has_pod(other) && order(other) < order(lab)
    };
    let waiting = shelves.labs.values().filter(|other| before(other)).count();
    if waiting < free {
        return Turn::Now;
    }
    let position = (waiting - free + 1) as u32;
    let eta_seconds = position.div_ceil(limits.starting.max(1) as u32) * STARTS_WITHIN_SECONDS;
    Turn::Wait(Queue { position, eta_seconds })
}

/// How long a start takes, for the estimate that people read.
const STARTS_WITHIN_SECONDS: u32 = 10;

fn order(lab: &Lab) -> (Option<k8s_openapi::jiff::Timestamp>, String) {
    (lab.metadata.creation_timestamp.as_ref().map(|time| time.0), lab.name_any())
}
