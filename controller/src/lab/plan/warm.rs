//! A lab that runs in the pod of a warm one.

use std::time::Duration;

use api::resources::lab::{Claim, Phase};
use kube::ResourceExt as _;

use crate::lab::observed::WarmSeen;
use crate::lab::pod::{PodState, belongs_to};

use super::{Desk, Plan, SOON, Step, end_lab};

impl Desk<'_> {
    /// The lab has chosen a warm one: take it, or choose again.
    pub(super) fn use_warm(&self) -> Plan {
        let Some(warm) = &self.observed.warm else {
            return Plan { steps: vec![Step::Unbind], again: Some(SOON), ..Plan::default() };
        };
        let claim = Claim { lab: self.lab.name_any(), uid: self.uid() };
        match &warm.lab.spec.claim {
            Some(taken) if *taken != claim => {
                Plan { steps: vec![Step::Unbind], again: Some(SOON), ..Plan::default() }
            }
            _ if warm.lab.metadata.deletion_timestamp.is_some() => {
                let plan = self.say(Phase::Starting, "Restarting", "the lab ended and starts again");
                Plan { again: Some(SOON), ..plan }
            }
            None => {
                let step = Step::Claim(Box::new(warm.lab.clone()), claim);
                Plan { steps: vec![step], again: Some(Duration::ZERO), ..Plan::default() }
            }
            Some(_) => self.follow_warm(warm),
        }
    }

    fn follow_warm(&self, warm: &WarmSeen) -> Plan {
        let uid = warm.lab.uid().unwrap_or_default();
        match warm.pod.as_ref().filter(|pod| belongs_to(pod, &uid)).map(|pod| (pod, self.state(pod))) {
            Some((pod, PodState::Ready(address))) => self.ready(pod, address, uid),
            Some((_, PodState::Starting(words))) => self.say(Phase::Starting, "Starting", words),
            Some((_, PodState::Overdue)) => self.lost(),
            // Whoever follows gets a fresh lab: a warm one serves one person once.
            Some((_, PodState::Ended(_) | PodState::Ending)) | None => {
                let plan = self.say(Phase::Starting, "Restarting", "the lab ended and starts again");
                Plan { steps: vec![end_lab(&warm.lab)], again: Some(SOON), ..plan }
            }
        }
    }
}
