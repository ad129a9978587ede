//! Making the objects of a lab that has no pod yet, when everything they need is known and it is this lab's turn.

use std::time::Duration;

use api::resources::lab::{Claim, LabStatus, Phase, Queue};
use api::resources::names::{self, LAB_FINALIZER};
use kube::ResourceExt as _;

use crate::lab::build;
use crate::lab::observed::HomeSeen;
use crate::lab::turn::Turn;

use super::{Desk, Plan, Step};

impl Desk<'_> {
    /// There is no pod: make one, when everything it needs is known and it is this lab's turn.
    pub(super) fn make(&self) -> Plan {
        let failed = |words: String| self.say(Phase::Failed, "NotPossible", words);
        let Some(environment) = self.observed.environment.as_deref() else {
            return failed(format!(
                "the environment {} does not exist: choose another",
                self.lab.spec.environment
            ));
        };
        let Some(size) = environment.spec.sizes.iter().find(|size| size.name == self.lab.spec.size) else {
            return failed(format!(
                "the environment {} has no size {}: choose another",
                environment.name_any(),
                self.lab.spec.size
            ));
        };
        if let Some(proposal) = &self.observed.proposal {
            let claim = Claim { lab: self.lab.name_any(), uid: self.uid() };
            let hold = Step::Hold { finalizers: self.finalizers(), warm: Some(proposal.name_any()) };
            let steps = vec![hold, Step::Claim(Box::new(proposal.clone()), claim)];
            return Plan { steps, again: Some(Duration::ZERO), ..Plan::default() };
        }
        if let Turn::Wait(queue) = &self.observed.turn {
            return self.wait_for_turn(queue);
        }
        let Some(home) = self.home() else {
            return failed(
                "the home volume of this name belongs to another account; an operator must look at it"
                    .to_owned(),
            );
        };
        let blueprint = build::Blueprint { lab: self.lab, environment, size, pods: &self.config.pods };
        let mut steps = self.hold();
        steps.extend(home);
        steps.push(Step::MakeSecret(Box::new(blueprint.secret())));
        steps.extend(blueprint.policy().map(|policy| Step::ApplyPolicy(Box::new(policy))));
        steps.push(Step::MakePod(Box::new(blueprint.pod())));
        Plan { steps, ..self.say(Phase::Starting, "Starting", "looking for a node with room") }
    }

    /// The finalizers of the lab with ours among them.
    fn finalizers(&self) -> Vec<String> {
        let others = self.lab.finalizers().iter().filter(|finalizer| *finalizer != LAB_FINALIZER);
        others.cloned().chain([LAB_FINALIZER.to_owned()]).collect()
    }

    /// The step without which no pod may be made: it fails if the lab has changed since it was read.
    fn hold(&self) -> Vec<Step> {
        let held = self.lab.finalizers().iter().any(|finalizer| finalizer == LAB_FINALIZER);
        let step = Step::Hold { finalizers: self.finalizers(), warm: None };
        if held && self.lab.spec.own_pod { Vec::new() } else { vec![step] }
    }

    /// The step that makes the home, if one is needed. Nothing when the volume belongs to somebody else.
    fn home(&self) -> Option<Option<Step>> {
        let (Some(home), Some(owner)) = (&self.lab.spec.home, &self.lab.spec.owner) else {
            return Some(None);
        };
        match &self.observed.home {
            HomeSeen::Unread => Some(None),
            HomeSeen::Absent => Some(Some(Step::MakeHome(Box::new(build::volume(owner, home))))),
            HomeSeen::Present(volume) => {
                let account = volume.annotations().get(names::ACCOUNT_ANNOTATION);
                (account == Some(&owner.account)).then_some(None)
            }
        }
    }

    /// The place in the queue is written when it has halved, not whenever it moves.
    fn wait_for_turn(&self, queue: &Queue) -> Plan {
        let again = Some(Duration::from_secs(2));
        let told = self.lab.status.as_ref().and_then(|status| status.queue.as_ref());
        if told.is_some_and(|told| queue.position * 2 > told.position && queue.position <= told.position) {
            return Plan { again, ..Plan::default() };
        }
        let words = format!("{} labs start first; about {} seconds", queue.position, queue.eta_seconds);
        let mut plan = self.say(Phase::Queued, "Waiting", words);
        plan.status = plan.status.map(|status| LabStatus { queue: Some(queue.clone()), ..status });
        Plan { again, ..plan }
    }
}
