//! The agents of labs, as far as the operator asks them: most are at work, some are idle, some do not answer.

use std::time::Duration;

use api::lab::Activity;
use api::resources::Lab;
use controller::agents::Agents;
use controller::clock::Clock as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::cluster::Cluster;

/// Agents whose labs do as the dice say.
pub struct SimAgents(pub Cluster);

impl Agents for SimAgents {
    fn activity<'a>(&'a self, _lab: &'a Lab) -> BoxFuture<'a, Option<Activity>> {
        async move {
            self.0.clock.sleep(self.0.dice.millis(1..200)).await;
            if self.0.dice.happens(0.1) {
                self.0.clock.sleep(Duration::from_secs(3600)).await;
                return None;
            }
            let idle_seconds = if self.0.dice.happens(0.05) { 100_000 } else { 0 };
            Some(Activity { idle_seconds, kernels: 1 })
        }
        .boxed()
    }
}
