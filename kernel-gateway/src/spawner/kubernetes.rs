//! Labs as `Lab` resources of a Kubernetes cluster: declared here, made true by the operator in `controller/`.
//!
//! Nothing is kept here that the cluster does not say again, so that any number of gateways serve any request: what
//! one of them declares, all of them see. A lab outlives every gateway. Its objects are the operator's business; so
//! is the home, which stays when the lab is stopped.

mod api;
mod key;
mod lab;
mod seen;
mod wait;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::api::names::Username;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, iter, unfold};
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::{LabOrder, Presence, RunningLab, SpawnError, Spawner, Tell};
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sending half of what is seen.
type SeenSender = Sender<Seen>;
