//! Labs as `Lab` resources of a Kubernetes cluster: declared here, made true by the operator in `controller/`.
//!
//! Nothing is kept here that the cluster does not say again, so that any number of gateways serve any request: what
//! one of them declares, all of them see. A lab outlives every gateway. Its objects are the operator's business; so
//! is the home, which stays when the lab is stopped.

mod api;
mod key;
mod lab;
mod seen;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::api::names::Username;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, iter, unfold};
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::{Ended, LabOrder, Presence, RunningLab, SpawnError, Spawner, Tell};
use crate::config::{KubernetesSpawnerConfig, LabLimits};
use crate::identity::Identity;
use crate::secrets;
use api::ApiServer;
use lab::{Lab, Phase};
use seen::Seen;

pub use api::ClusterError;
pub use key::LabKey;

/// The `kubernetes` spawner.
pub struct KubernetesSpawner {
    shared: Arc<Shared>,
    _watching: AbortOnDropHandle<()>,
}

struct Shared {
    api: Arc<ApiServer>,
    config: KubernetesSpawnerConfig,
    limits: LabLimits,
    identity: Identity,
    seen: Receiver<Seen>,
    /// The accounts of people whose labs were met. An account never changes.
    accounts: Mutex<HashMap<Username, String>>,
}

impl KubernetesSpawner {
    /// Lists the labs that there are, and follows them from then on.
    pub async fn open(
        config: KubernetesSpawnerConfig,
        limits: LabLimits,
        identity: Identity,
    ) -> Result<Self, SpawnError> {
        let api = Arc::new(ApiServer::new(&config.api, &config.namespace)?);
        let mut first = Seen::new(config.lab_key.clone());
        let version = watch::list(&api, &mut first).await?;
        let (sender, seen) = tokio::sync::watch::channel(first);
        let watching = tokio::spawn(watch::follow(api.clone(), sender, version));
        let shared = Shared { api, config, limits, identity, seen, accounts: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), _watching: AbortOnDropHandle::new(watching) })
    }
}

impl Spawner for KubernetesSpawner {
    fn isolates_users(&self) -> bool {
        true
    }

    fn outlives_gateway(&self) -> bool {
        true
    }

    fn found(&self) -> BoxStream<'static, Username> {
        let shared = self.shared.clone();
        let told =
            unfold((self.shared.seen.clone(), HashSet::new(), true), async |(mut seen, known, first)| {
                if !first {
                    seen.changed().await.ok()?;
                }
                let alive: HashSet<_> = seen.borrow_and_update().alive().collect();
                let new: Vec<_> = alive.difference(&known).cloned().collect();
                Some((iter(new), (seen, alive, false)))
            });
        told.flatten()
            .filter_map(move |owner| {
                let shared = shared.clone();
                async move {
                    let account = shared.account(&owner.name).await.ok()?;
                    (account == owner.account).then_some(owner.name)
                }
            })
            .boxed()
    }

    fn start<'a>(
        &'a self,
        order: &'a LabOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        self.shared.start(order, tell).boxed()
    }

    fn resume<'a>(
        &'a self,
        order: &'a LabOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        async move {
            let name = self.shared.account(&order.user).await?;
            let present = self.shared.seen.borrow().get(&name).cloned();
            self.shared.wait_until_ready(&present.ok_or(SpawnError::Stopped)?, tell).await
        }
        .boxed()
    }

    fn stop<'a>(&'a self, user: &'a Username) -> BoxFuture<'a, ()> {
        async move {
            if let Err(error) = self.shared.stop(user).await {
                tracing::warn!(lab.user = %user, %error, "failed to stop the lab of {user}");
            }
        }
        .boxed()
    }

    fn state(&self, user: &Username) -> Presence {
        let name = lock(&self.shared.accounts).get(user).cloned();
        let alive = name.is_some_and(|name| self.shared.seen.borrow().get(&name).is_some_and(Lab::is_alive));
        if alive { Presence::Present } else { Presence::Absent }
    }

    fn owner_of(&self, lab_secret: &str) -> Option<Username> {
        let owner = self.shared.seen.borrow().owner_of(&secrets::digest(lab_secret))?;
        let account = lock(&self.shared.accounts).get(&owner.name).cloned();
        (account? == owner.account).then_some(owner.name)
    }

    /// What a lab wrote stays in its pod; what went wrong, the operator says in a sentence.
    fn log(&self, _user: &Username) -> String {
        String::new()
    }
}

impl Shared {
    async fn start(&self, order: &LabOrder, tell: Tell<'_>) -> Result<RunningLab, SpawnError> {
        let account = self.account(&order.user).await?;
        let before = self.seen.borrow().get(&account).cloned();
        if before.is_some_and(|lab| lab.spec.running && lab.status.phase == Phase::Failed) {
            // Only a lab that was stopped forgets its failures.
            self.stop(&order.user).await?;
        }
        let wanted = lab::declaration(&account, order, &self.config);
        let declared = self.api.apply(&account, &wanted).await?;
        self.wait_until_ready(&declared, tell).await
    }

    /// Waits until the operator says that `lab`, or what becomes of it, answers.
    async fn wait_until_ready(&self, lab: &Lab, tell: Tell<'_>) -> Result<RunningLab, SpawnError> {
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

    /// Says that the lab shall not run, and waits until nothing of it does.
    async fn stop(&self, user: &Username) -> Result<(), SpawnError> {
        let account = self.account(user).await?;
        let uid = self.seen.borrow().get(&account).map(|lab| lab.metadata.uid.clone()).unwrap_or_default();
        let stopped = match self.api.change(&account, &lab::stop(&uid)).await {
            Err(ClusterError::Gone) => return Ok(()),
            stopped => stopped?,
        };
        let mut seen = self.seen.clone();
        let gone = seen.wait_for(|seen| match seen.get(&account) {
            None => true,
            Some(lab) => lab.metadata.generation >= stopped.metadata.generation && lab.has_stopped(),
        });
        if timeout(self.limits.stop_within, gone).await.is_err() {
            tracing::warn!(lab.user = %user, "the lab of {user} is still being stopped");
        }
        Ok(())
    }

    /// The account of a user, after which lab and home are named: a name may be given to somebody else.
    async fn account(&self, user: &Username) -> Result<String, SpawnError> {
        if let Some(account) = lock(&self.accounts).get(user) {
            return Ok(account.clone());
        }
        let account = self.identity.accounts().id(user).await?;
        lock(&self.accounts).insert(user.clone(), account.clone());
        Ok(account)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sending half of what is seen.
type SeenSender = Sender<Seen>;
