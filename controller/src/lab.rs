//! A Lab from beginning to end: look, decide, read again if something is to be done, decide again, act, report.

pub mod build;
mod cull;
pub mod event;
pub mod observed;
pub mod plan;
pub mod pod;
pub mod turn;

use std::time::Duration;

use api::resources::{Lab, LabStatus};
use k8s_openapi::api::core::v1::Event;
use kube::ResourceExt as _;
use serde_json::json;

use crate::controller::Controller;
use crate::error::ClusterError;
use observed::Observed;
use plan::{Plan, Step};

impl Controller {
    /// Brings the world one stretch closer to what the Lab `name` says. Gives when to look again, if nothing is heard.
    pub async fn reconcile_lab(&self, name: &str) -> Result<Option<Duration>, ClusterError> {
        let Some(observed) = Observed::seen(self, name) else { return Ok(None) };
        let plan = self.decide(&observed);
        let hearsay_is_enough = plan.steps.is_empty()
            && !plan.calls_it_stopped(&observed.lab)
            && !plan.takes_back_ready(&observed.lab);
        if hearsay_is_enough {
            return self.report_lab(&observed.lab, plan).await;
        }
        let Some(observed) = Observed::live(self, name).await? else { return Ok(None) };
        let plan = self.decide(&observed);
        self.carry_out(observed.lab, plan).await
    }

    fn decide(&self, observed: &Observed) -> Plan {
        (self.decisions.lab)(observed, &self.config, self.clock.wall())
    }

    async fn carry_out(&self, lab: Lab, plan: Plan) -> Result<Option<Duration>, ClusterError> {
        let mut lab = lab;
        for step in &plan.steps {
            match self.take(&lab, step).await {
                Ok(Some(changed)) => lab = changed,
                Ok(None) => {}
                Err(ClusterError::Refused { reason, .. }) => {
                    let plan = plan::refused(&lab, &reason, &self.config, self.clock.wall());
                    return self.report_lab(&lab, plan).await;
                }
                Err(error) => return Err(error),
            }
        }
        if plan.steps.iter().any(|step| matches!(step, Step::Release(_))) {
            return Ok(None);
        }
        self.report_lab(&lab, plan).await
    }

    /// Takes one step: one call. Gives the Lab if that has changed it.
    async fn take(&self, lab: &Lab, step: &Step) -> Result<Option<Lab>, ClusterError> {
        let cluster = &self.cluster;
        match step {
            Step::Hold { finalizers, warm } => {
                let spec = json!({"warm": warm, "ownPod": warm.is_none()});
                let change = json!({"metadata": {"finalizers": finalizers}, "spec": spec});
                return cluster.change_lab(lab, change).await.map(Some);
            }
            Step::Release(finalizers) => {
                let change = json!({"metadata": {"finalizers": finalizers}});
                return cluster.change_lab(lab, change).await.map(Some);
            }
            Step::Unbind => return cluster.change_lab(lab, json!({"spec": {"warm": null}})).await.map(Some),
            Step::Claim(warm, claim) => {
                drop(cluster.change_lab(warm, json!({"spec": {"claim": claim}})).await?)
            }
            Step::MakeHome(home) => drop(cluster.create(&**home).await?),
            // A secret of this name says the same whoever made it: it is derived from the lab's UID.
            Step::MakeSecret(secret) => match cluster.create(&**secret).await {
                Ok(_) | Err(ClusterError::Changed { .. }) => {}
                Err(error) => return Err(error),
            },
            Step::ApplyPolicy(policy) => drop(cluster.apply(&**policy).await?),
            Step::MakePod(pod) => drop(cluster.create(&**pod).await?),
            Step::EndPod { name, uid } => cluster.end_pod(name, uid).await?,
            Step::EndLab { name, uid } => cluster.delete::<Lab>(name, uid).await?,
        }
        Ok(None)
    }

    async fn report_lab(&self, lab: &Lab, plan: Plan) -> Result<Option<Duration>, ClusterError> {
        let known = lab.status.as_ref();
        // Whoever was told to run meanwhile may have been started by another replica already.
        let unchanged = plan.calls_it_stopped(lab);
        let news = plan.status.filter(|status| known != Some(status));
        if let Some(status) = news {
            self.announce(lab, &status);
            let event = event::of_status(lab, &status, self.clock.wall());
            self.cluster.report(lab, status, unchanged).await?;
            if let Some(event) = event {
                self.tell(&event).await;
            }
        }
        Ok(plan.again)
    }

    /// Writes an event. One that exists was told already; one that cannot be written is not worth a lab.
    async fn tell(&self, event: &Event) {
        match self.cluster.create(event).await {
            Ok(_) | Err(ClusterError::Changed { .. }) => {}
            Err(error) => tracing::debug!(%error, "an event was not told"),
        }
    }

    fn announce(&self, lab: &Lab, status: &LabStatus) {
        let before = lab.status.as_ref().map(|status| status.phase);
        if before != Some(status.phase) {
            let name = lab.name_any();
            tracing::info!(lab.name = %name, phase = ?status.phase, "lab {name}: {}", status.message);
        }
    }
}
