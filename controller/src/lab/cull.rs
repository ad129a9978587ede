//! Stopping labs in which nothing happens. Their homes stay.
//!
//! Every replica asks; the change that stops a lab fails if anything has changed since it was seen, so that a lab that
//! somebody has just started again is left alone.

use std::sync::Arc;

use api::resources::Lab;
use api::resources::lab::Phase;
use futures::StreamExt as _;
use futures::stream::iter;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use serde_json::json;

use super::event;
use crate::clock::within;
use crate::controller::Controller;
use crate::error::ClusterError;

impl Controller {
    /// Looks at every lab now and then. Runs for ever.
    pub(crate) async fn cull_idle_labs(&self) {
        loop {
            self.clock.sleep(self.config.limits.cull).await;
            let now = self.clock.wall();
            let labs: Vec<Arc<Lab>> =
                self.seen.lock().labs.values().filter(|lab| may_be_idle(lab, now)).cloned().collect();
            iter(labs).for_each_concurrent(self.config.limits.asked, |lab| self.cull(lab)).await;
        }
    }

    async fn cull(&self, lab: Arc<Lab>) {
        let answer = within(&*self.clock, self.config.limits.answer, self.agents.activity(&lab)).await;
        // An agent that does not answer is not idle: it is left to the person who uses it.
        let Some(activity) = answer.flatten() else { return };
        if activity.idle_seconds <= u64::from(lab.spec.idle.cull_after_seconds) {
            return;
        }
        let name = lab.name_any();
        match self.cluster.change_lab(&lab, json!({"spec": {"running": false}})).await {
            Ok(_) => {
                let idle_seconds = activity.idle_seconds;
                tracing::info!(lab.name = %name, idle_seconds, "lab {name} is stopped: nothing happened in it");
                self.tell(&event::culled(&lab, idle_seconds, self.clock.wall())).await;
            }
            Err(ClusterError::Changed { .. } | ClusterError::Gone { .. }) => {}
            Err(error) => tracing::debug!(%error, "the idle lab {name} is asked again"),
        }
    }
}

/// Whether a lab has answered for so long that it can have been idle long enough. Warm labs wait; that is no idleness.
fn may_be_idle(lab: &Lab, now: Timestamp) -> bool {
    let limit = lab.spec.idle.cull_after_seconds;
    let wanted = lab.spec.running && lab.spec.owner.is_some() && lab.metadata.deletion_timestamp.is_none();
    let Some(status) = lab.status.as_ref().filter(|status| status.phase == Phase::Ready) else {
        return false;
    };
    let since = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let answers_for = since.map(|since| now.duration_since(since.last_transition_time.0));
    wanted && limit > 0 && answers_for.is_some_and(|time| time > SignedDuration::from_secs(limit.into()))
}

#[cfg(test)]
mod tests {
    use api::resources::LabStatus;
    use api::resources::status::{Verdict, with_condition};

    use super::*;

    fn lab(owner: bool, ready: bool, cull_after_seconds: u32) -> Lab {
        let owner = owner.then(|| json!({"name": "maria", "account": "acc-1"}));
        let idle = json!({"cullAfterSeconds": cull_after_seconds});
        let spec = json!({"owner": owner, "environment": "e", "size": "s", "baseUrl": "/u/", "idle": idle});
        let object = json!({"metadata": {"name": "maria"}, "spec": spec});
        let mut lab: Lab = serde_json::from_value(object).expect("a lab");
        let verdict = Verdict { holds: ready, reason: "", message: "" };
        let phase = if ready { Phase::Ready } else { Phase::Starting };
        let conditions = with_condition(&[], "Ready", verdict, None, Timestamp::UNIX_EPOCH);
        lab.status = Some(LabStatus { phase, conditions, ..LabStatus::default() });
        lab
    }

    #[test]
    fn only_a_lab_that_has_answered_long_enough_is_asked() {
        let later = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(601);
        assert!(may_be_idle(&lab(true, true, 600), later));
        assert!(!may_be_idle(&lab(true, true, 601), later), "not long enough");
        assert!(!may_be_idle(&lab(true, true, 0), later), "never");
        assert!(!may_be_idle(&lab(true, false, 600), later), "it does not answer");
        assert!(!may_be_idle(&lab(false, true, 600), later), "it is warm and waits");
    }
}
