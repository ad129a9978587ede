//! Waiting for what the operator says of a lab: that it answers, and that it does not any more.

use futures::FutureExt;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::api::ClusterError;
use super::lab::{self, Lab, Phase};
use super::seen::Seen;
use crate::spawner::{Ended, RunningLab, SpawnError, Tell};

impl Shared {
    /// Waits until the operator says that `lab`, or what becomes of it, answers.
    pub async fn wait_until_ready(&self, lab: &Lab, tell: Tell<'_>) -> Result<RunningLab, SpawnError> {
        let deadline = Instant::now() + self.limits.start_within;
        let mut seen = self.seen.clone();
        let (mut met, mut told) = (false, String::new());
        loop {
            let now = seen.borrow_and_update().get(&lab.metadata.name).cloned();
            match now.filter(|now| now.metadata.uid == lab.metadata.uid) {
                None if met => return Err(SpawnError::Stopped),
                None => {}
                Some(now) if now.metadata.generation < lab.metadata.generation => {}
                Some(now) if !now.is_wanted() => return Err(SpawnError::Stopped),
                Some(now) if now.is_reported() => {
                    met = true;
                    match now.status.phase {
                        Phase::Ready => return self.running(&now),
                        Phase::Failed => {
                            let reason = now.status.message;
                            return Err(SpawnError::Ended { reason, log: String::new() });
                        }
                        _ if now.status.message != told => {
                            told = now.status.message;
                            tell(told.clone());
                        }
                        _ => {}
                    }
                }
                Some(_) => met = true,
            }
            match timeout_at(deadline, seen.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(SpawnError::Stopped),
                Err(_) => {
                    let stop = lab::stop(&lab.metadata.uid);
                    // Nobody waits any more; whether the order to stop arrives changes nothing for them.
                    let _ = self.api.change(&lab.metadata.name, &stop).await;
                    return Err(SpawnError::TooSlow { within: self.limits.start_within, log: told });
                }
            }
        }
    }

    fn running(&self, lab: &Lab) -> Result<RunningLab, SpawnError> {
        let malformed = || SpawnError::Cluster(ClusterError::Malformed("address of a lab"));
        let addr = lab.status.address.as_deref().and_then(|address| address.parse().ok());
        let agent_secret = self.config.lab_key.agent_secret(lab.secret_uid());
        let ended = end_of(self.seen.clone(), lab.clone()).boxed();
        Ok(RunningLab { addr: addr.ok_or_else(malformed)?, agent_secret, ended })
    }
}

/// Resolves once `lab` does not answer any more where it answers now.
async fn end_of(mut seen: Receiver<Seen>, lab: Lab) -> Ended {
    let ended = seen.wait_for(|seen| {
        let now = seen.get(&lab.metadata.name);
        now.is_none_or(|now| !now.is_wanted() || now.upstream() != lab.upstream())
    });
    match ended.await {
        Ok(seen) => match seen.get(&lab.metadata.name).filter(|now| now.is_wanted()) {
            Some(now) => Ended::Unasked { reason: now.status.message.clone(), log: String::new() },
            None => Ended::Asked,
        },
        // Nobody watches any more: the gateway ends, and the lab does not.
        Err(_) => Ended::Asked,
    }
}
