//! Ending a lab: because it should stop, or because it was deleted.

use api::resources::lab::{LabStatus, Phase};
use api::resources::names::LAB_FINALIZER;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;

use crate::lab::pod::PodState;

use super::{Desk, Plan, SOON, Step, end_lab, end_pod};

impl Desk<'_> {
    /// The Lab was deleted: end what it has, then let it go.
    pub(super) fn depart(&self) -> Plan {
        let held = self.lab.finalizers().iter().any(|finalizer| finalizer == LAB_FINALIZER);
        if !held {
            return Plan::default();
        }
        let mut steps = Vec::new();
        let mut waiting = false;
        if let Some(pod) = self.own_pod() {
            waiting = !self.given_up(pod);
            if pod.metadata.deletion_timestamp.is_none() {
                steps.push(end_pod(pod));
            }
        }
        if let Some(warm) = self.own_warm() {
            waiting = true;
            if warm.lab.metadata.deletion_timestamp.is_none() {
                steps.push(end_lab(&warm.lab));
            }
        }
        if waiting {
            let plan = self.say(Phase::Stopping, "Deleted", "the lab is being ended");
            return Plan { steps, again: Some(SOON), ..plan };
        }
        let others = self.lab.finalizers().iter().filter(|finalizer| *finalizer != LAB_FINALIZER);
        Plan { steps: vec![Step::Release(others.cloned().collect())], ..Plan::default() }
    }

    /// A pod on a node that never answers again must not keep the Lab for ever. Its name stays taken, so nothing of that
    /// name starts before it is certainly gone.
    fn given_up(&self, pod: &Pod) -> bool {
        let Some(end) = &pod.metadata.deletion_timestamp else { return false };
        let limit = self.config.limits.release.try_into().unwrap_or(jiff::SignedDuration::MAX);
        self.now.duration_since(end.0) > limit
    }

    /// The lab should not run.
    pub(super) fn stop(&self) -> Plan {
        if let Some(pod) = self.own_pod() {
            return self.stop_pod(pod);
        }
        match (self.own_warm(), &self.lab.spec.warm) {
            (Some(warm), _) => {
                let deleted = warm.lab.metadata.deletion_timestamp.is_some();
                let steps = if deleted { vec![] } else { vec![end_lab(&warm.lab)] };
                let plan = self.say(Phase::Stopping, "Stopping", "the lab is being stopped");
                Plan { steps, again: Some(SOON), ..plan }
            }
            (None, Some(_)) => Plan { steps: vec![Step::Unbind], again: Some(SOON), ..Plan::default() },
            (None, None) => {
                let mut plan = self.say(Phase::Stopped, "Stopped", "the lab is stopped; its home is kept");
                plan.status = plan.status.map(|status| LabStatus { failures: 0, ..status });
                plan
            }
        }
    }

    fn stop_pod(&self, pod: &Pod) -> Plan {
        let (steps, plan) = match self.state(pod) {
            PodState::Ending => (vec![], self.say(Phase::Stopping, "Stopping", "the lab is being stopped")),
            PodState::Overdue => (vec![], self.lost()),
            _ => (vec![end_pod(pod)], self.say(Phase::Stopping, "Stopping", "the lab is being stopped")),
        };
        Plan { steps, again: Some(SOON), ..plan }
    }
}
