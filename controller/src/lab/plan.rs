//! What to do about a lab, decided from what was observed. Pure: no client, no clock.
//!
//! A plan is a list of calls in their order and the status that holds once they are made. It may be cut off after any of
//! them: the next plan starts from what is there then. How each of them is made is in `plan/`.

mod make;
mod start;
mod stop;
#[cfg(test)]
mod tests;
mod warm;

use std::time::Duration;

use api::resources::Lab;
use api::resources::lab::{Claim, LabStatus, Phase};
use api::resources::status::{Verdict, with_condition};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt as _;

use crate::config::Config;

use super::observed::{Claimant, Observed, WarmSeen};
use super::pod::{PodState, belongs_to, state};

/// What to do, what to say, and when to look again if nothing is heard until then.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Calls, in their order.
    pub steps: Vec<Step>,
    /// What holds afterwards; nothing is said when absent.
    pub status: Option<LabStatus>,
    /// When to look again.
    pub again: Option<Duration>,
}

impl Plan {
    /// Whether it says for the first time that nothing of the lab runs. That is never said on hearsay.
    pub fn calls_it_stopped(&self, lab: &Lab) -> bool {
        let stopped = |status: &LabStatus| status.phase == Phase::Stopped;
        self.status.as_ref().is_some_and(stopped) && !lab.status.as_ref().is_some_and(stopped)
    }

    /// Whether it says that a lab does not answer of which somebody else says that it does. A replica whose watch of
    /// pods has fallen behind would take that back again and again.
    pub fn takes_back_ready(&self, lab: &Lab) -> bool {
        let ready = |status: &LabStatus| status.phase == Phase::Ready;
        lab.status.as_ref().is_some_and(ready) && self.status.as_ref().is_some_and(|status| !ready(status))
    }
}

/// One call.
#[derive(Clone, Debug)]
pub enum Step {
    /// Keep the Lab until its pod is gone, and settle where it runs.
    Hold {
        /// Its finalizers from now on.
        finalizers: Vec<String>,
        /// In this warm lab, or in a pod of its own.
        warm: Option<String>,
    },
    /// Let the Lab go: its finalizers from now on.
    Release(Vec<String>),
    /// Choose anew where it runs: the warm lab is gone or was taken by another.
    Unbind,
    /// Take the warm lab that was chosen.
    Claim(Box<Lab>, Claim),
    /// Create the home volume.
    MakeHome(Box<PersistentVolumeClaim>),
    /// Create the secret with the lab's configuration.
    MakeSecret(Box<Secret>),
    /// Let the lab reach what its owner asked for.
    ApplyPolicy(Box<NetworkPolicy>),
    /// Create the pod.
    MakePod(Box<Pod>),
    /// End this pod.
    EndPod {
        /// Its name.
        name: String,
        /// Its UID.
        uid: String,
    },
    /// Delete this warm lab.
    EndLab {
        /// Its name.
        name: String,
        /// Its UID.
        uid: String,
    },
}

/// How soon to look again at something that others are changing, in case nothing is heard of it.
const SOON: Duration = Duration::from_secs(10);

/// The plan for what was observed, at the time `now`.
pub fn plan(observed: &Observed, config: &Config, now: Timestamp) -> Plan {
    let desk = Desk { observed, lab: &observed.lab, config, now };
    if observed.lab.metadata.deletion_timestamp.is_some() {
        desk.depart()
    } else if observed.claimant == Claimant::Gone {
        Plan { steps: vec![end_lab(&observed.lab)], ..Plan::default() }
    } else if !observed.lab.spec.running {
        desk.stop()
    } else if observed.lab.spec.warm.is_some() {
        desk.use_warm()
    } else {
        desk.start()
    }
}

/// What to say when the cluster refuses an object of the lab: somebody must act, or room must come free.
pub fn refused(lab: &Lab, reason: &str, config: &Config, now: Timestamp) -> Plan {
    let words = if reason.contains("exceeded quota") {
        format!("there is no room left in the quota; the lab starts as soon as there is: {reason}")
    } else {
        format!("the cluster refuses the lab; an operator must look at it: {reason}")
    };
    let status = status(lab, Phase::Queued, "Refused", words, now);
    Plan { status: Some(status), again: Some(config.limits.refused), ..Plan::default() }
}

/// A status with phase and sentence; what is true only of a lab that answers is left out.
fn status(lab: &Lab, phase: Phase, reason: &str, message: String, now: Timestamp) -> LabStatus {
    let before = lab.status.clone().unwrap_or_default();
    let verdict = Verdict { holds: phase == Phase::Ready, reason, message: &message };
    LabStatus {
        observed_generation: lab.metadata.generation,
        conditions: with_condition(&before.conditions, "Ready", verdict, lab.metadata.generation, now),
        phase,
        message,
        address: None,
        pod_uid: None,
        secret_uid: None,
        queue: None,
        failures: before.failures,
        retry_at: None,
    }
}

fn end_lab(lab: &Lab) -> Step {
    Step::EndLab { name: lab.name_any(), uid: lab.uid().unwrap_or_default() }
}

fn end_pod(pod: &Pod) -> Step {
    Step::EndPod { name: pod.name_any(), uid: pod.uid().unwrap_or_default() }
}

/// Everything that lies on the table while a plan is made.
struct Desk<'a> {
    observed: &'a Observed,
    lab: &'a Lab,
    config: &'a Config,
    now: Timestamp,
}

impl Desk<'_> {
    fn uid(&self) -> String {
        self.lab.uid().unwrap_or_default()
    }

    fn state(&self, pod: &Pod) -> PodState {
        state(pod, self.now, self.config.limits.lost)
    }

    fn own_pod(&self) -> Option<&Pod> {
        self.observed.pod.as_ref().filter(|pod| belongs_to(pod, &self.uid()))
    }

    /// The warm lab that is really ours: chosen by us and claimed by us.
    fn own_warm(&self) -> Option<&WarmSeen> {
        let ours =
            |warm: &&WarmSeen| warm.lab.spec.claim.as_ref().is_some_and(|claim| claim.uid == self.uid());
        self.observed.warm.as_ref().filter(ours)
    }

    fn say(&self, phase: Phase, reason: &str, message: impl Into<String>) -> Plan {
        let status = status(self.lab, phase, reason, message.into(), self.now);
        Plan { status: Some(status), ..Plan::default() }
    }

    fn lost(&self) -> Plan {
        let words = "the node of the lab does not answer; the lab starts elsewhere once the old one is certainly gone";
        Plan { again: Some(SOON), ..self.say(Phase::Lost, "NodeLost", words) }
    }

    fn ready(&self, pod: &Pod, address: String, secret_uid: String) -> Plan {
        let mut status = status(self.lab, Phase::Ready, "Ready", "the lab answers".to_owned(), self.now);
        status.address = Some(address);
        status.pod_uid = pod.uid();
        status.secret_uid = Some(secret_uid);
        let mut again = None;
        if status.failures > 0 {
            let since = status.conditions.iter().find(|condition| condition.type_ == "Ready");
            let stable: jiff::SignedDuration = self.config.limits.stable.try_into().unwrap_or_default();
            if since.is_some_and(|since| self.now.duration_since(since.last_transition_time.0) > stable) {
                status.failures = 0;
            }
            again = Some(self.config.limits.stable);
        }
        Plan { status: Some(status), again, ..Plan::default() }
    }
}
