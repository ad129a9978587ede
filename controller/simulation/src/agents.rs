//! The agents of labs, as far as the operator asks them: most are at work, some are idle, some do not answer.

use std::time::Duration;

use api::lab::Activity;
use api::resources::Lab;
use controller::agents::Agents;
use controller::clock::Clock as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::cluster::Cluster;

/// Longer than anybody waits for an answer.
const NEVER: Duration = Duration::from_secs(3600);

/// Agents whose labs do as the dice say, and in which everybody works once `busy` is over.
pub struct SimAgents {
    /// The cluster.
    pub cluster: Cluster,
    /// How long labs may be idle.
    pub busy: Duration,
}

impl Agents for SimAgents {
    fn activity<'a>(&'a self, _lab: &'a Lab) -> BoxFuture<'a, Option<Activity>> {
        async move {
            let Cluster { clock, dice, .. } = &self.cluster;
            clock.sleep(dice.millis(1..200)).await;
            if dice.happens(0.1) {
                clock.sleep(NEVER).await;
                return None;
            }
            let idle = dice.happens(0.05) && clock.now() < self.busy;
            let idle_seconds = if idle { 100_000 } else { 0 };
            Some(Activity { idle_seconds, kernels: 1 })
        }
        .boxed()
    }
}
