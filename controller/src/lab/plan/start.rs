//! A lab that runs in a pod of its own: what its pod's state means, and what to do when it has ended.

use std::time::Duration;

use api::resources::lab::{LabStatus, Phase};
use api::resources::names;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;

use crate::backoff;
use crate::lab::pod::{PodState, belongs_to};

use super::{Desk, Plan, SOON, end_pod};

impl Desk<'_> {
    /// The lab should run in a pod of its own.
    pub(super) fn start(&self) -> Plan {
        let Some(pod) = &self.observed.pod else { return self.make() };
        if !belongs_to(pod, &self.uid()) {
            return self.wait_for_name(pod);
        }
        match self.state(pod) {
            PodState::Ready(address) => self.ready(pod, address, self.uid()),
            PodState::Starting(words) => self.say(Phase::Starting, "Starting", words),
            PodState::Overdue => self.lost(),
            PodState::Ending => {
                let words = "the cluster ends the lab; it starts again at once";
                Plan { again: Some(SOON), ..self.say(Phase::Starting, "Restarting", words) }
            }
            PodState::Ended(why) => self.ended(pod, &why),
        }
    }

    /// The pod's name is taken by the pod of an earlier lab, or by a stranger.
    fn wait_for_name(&self, pod: &Pod) -> Plan {
        let ours = pod.labels().get(names::MANAGED_BY).is_some_and(|manager| manager == names::MANAGER);
        if !ours {
            let words = format!(
                "a pod {} that Nearside did not make is in the way; an operator must remove it",
                pod.name_any()
            );
            return Plan { again: Some(SOON), ..self.say(Phase::Failed, "NameTaken", words) };
        }
        // Its lab is gone, because this lab has its name.
        let ending = pod.metadata.deletion_timestamp.is_some();
        let steps = if ending { vec![] } else { vec![end_pod(pod)] };
        let words = "an earlier lab of the same name is still ending";
        Plan { steps, again: Some(SOON), ..self.say(Phase::Queued, "NameTaken", words) }
    }

    /// A pod ended by itself: count it once, then remove it when its pause is over, so that the next one can come.
    fn ended(&self, pod: &Pod, why: &str) -> Plan {
        let before = self.lab.status.clone().unwrap_or_default();
        let counted = before.pod_uid.is_none() && before.retry_at.is_some();
        let failures = if counted { before.failures } else { before.failures + 1 };
        if failures >= self.config.limits.failures {
            let words = format!(
                "{why}. It happened {failures} times in a row: stop the lab, and start it again when the cause is gone"
            );
            let mut plan = self.say(Phase::Failed, "Ended", words);
            plan.status = plan.status.map(|status| LabStatus {
                failures,
                retry_at: before.retry_at.or(Some(Time(self.now))),
                ..status
            });
            return plan;
        }
        let pause = backoff::pause(&self.uid(), failures);
        let retry_at = before.retry_at.filter(|_| counted).map_or(self.now + pause, |at| at.0);
        let mut plan = self.say(Phase::Starting, "Restarting", format!("{why}; it starts again"));
        plan.status =
            plan.status.map(|status| LabStatus { failures, retry_at: Some(Time(retry_at)), ..status });
        let left = Duration::try_from(retry_at.duration_since(self.now)).unwrap_or_default();
        plan.again = Some(left.max(Duration::from_millis(100)));
        if counted && left.is_zero() {
            plan.steps = vec![end_pod(pod)];
        }
        plan
    }
}
