//! The labs of this gateway: which run, which are starting, and why one did not.
//!
//! A lab's life is one task: it asks the [`Spawner`] for an agent, waits until JupyterLab answers behind it,
//! and then waits for its end. Everybody else only watches the [`LabState`] that this task writes.

mod culler;
mod probe;
mod state;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::names::Username;
use futures::StreamExt as _;
use futures::future::join_all;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::LabLimits;
use crate::error::Refusal;
use crate::proxy::LabClient;
use crate::secrets;
use crate::spawner::{Ended, LabOrder, Presence, Spawner};

pub use culler::cull_idle_labs;
pub use state::{Failure, LabState, Step, Upstream};

/// What all labs have in common.
#[derive(Clone, Debug)]
pub struct LabTerms {
    /// Where an agent gets data tokens.
    pub token_url: String,
    /// Arrow Flight location for kernels.
    pub flight_url: String,
    /// The certificate authority that labs trust.
    pub ca_file: Option<PathBuf>,
    /// Seconds after which an idle kernel is shut down; 0 for never.
    pub kernel_idle_seconds: u64,
}

/// All labs of this gateway.
pub struct Labs {
    spawner: Arc<dyn Spawner>,
    client: LabClient,
    terms: LabTerms,
    limits: LabLimits,
    entries: Mutex<HashMap<Username, watch::Sender<LabState>>>,
    /// Digests of the secrets of labs that run, and whose they are.
    secrets: Mutex<HashMap<String, Username>>,
    lives: TaskTracker,
    closing: CancellationToken,
}

/// How a lab comes to be ours.
#[derive(Clone, Copy)]
enum Origin {
    /// Somebody asks for it here.
    Ordered,
    /// It was started already, by an earlier gateway or by another.
    Found,
}

/// The path below which a user's lab is seen.
pub fn base_url(user: &Username) -> String {
    format!("/user/{user}/")
}

impl LabTerms {
    /// Whether a lab that was ordered earlier still finds everything where it was told.
    fn are_those_of(&self, order: &LabOrder) -> bool {
        let Self { token_url, flight_url, ca_file, kernel_idle_seconds } = self;
        (token_url, flight_url, ca_file, kernel_idle_seconds)
            == (&order.token_url, &order.flight_url, &order.ca_file, &order.kernel_idle_seconds)
    }
}

impl Labs {
    /// No labs yet.
    pub fn new(spawner: Arc<dyn Spawner>, client: LabClient, terms: LabTerms, limits: LabLimits) -> Self {
        Self {
            spawner,
            client,
            terms,
            limits,
            entries: Mutex::default(),
            secrets: Mutex::default(),
            lives: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Goes on with the labs that an earlier gateway has left, and ends those that were told other addresses.
    pub async fn resume(self: &Arc<Self>) {
        let (same, others): (Vec<_>, Vec<_>) =
            self.spawner.left().into_iter().partition(|order| self.terms.are_those_of(order));
        for order in same {
            let state = entry(&mut lock(&self.entries), &order.user).clone();
            state.send_replace(LabState::starting(Step::Agent));
            self.lives.spawn(self.clone().live(order, state, Origin::Found));
        }
        join_all(others.iter().map(async |LabOrder { user, .. }| {
            tracing::warn!(lab.user = %user, "the lab of {user} is ended: its addresses are others now");
            self.spawner.stop(user).await;
        }))
        .await;
    }

    /// Where a user's lab is in its life.
    pub fn state(&self, user: &Username) -> LabState {
        lock(&self.entries).get(user).map_or(LabState::Stopped, |state| state.borrow().clone())
    }

    /// The states of a user's lab from now on, the present one first.
    pub fn watch(&self, user: &Username) -> watch::Receiver<LabState> {
        entry(&mut lock(&self.entries), user).subscribe()
    }

    /// Starts a lab unless it runs or is starting. Does not wait; the answer is the state it is in now.
    pub fn start(self: &Arc<Self>, user: &Username) -> Result<LabState, Refusal> {
        if self.closing.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        let mut entries = lock(&self.entries);
        let running = entries.values().filter(|state| state.borrow().is_alive()).count();
        let state = entry(&mut entries, user);
        if !state.borrow().is_alive() {
            if running >= self.limits.labs {
                return Err(Refusal::LabsFull { limit: self.limits.labs });
            }
            state.send_replace(LabState::starting(Step::Agent));
            self.lives.spawn(self.clone().live(self.order(user), state.clone(), Origin::Ordered));
        }
        Ok(state.borrow().clone())
    }

    /// Takes up every lab that runs without an order of ours, as long as this is polled.
    pub async fn follow(self: Arc<Self>) {
        let mut found = self.spawner.found();
        while let Some(user) = found.next().await {
            let mut entries = lock(&self.entries);
            let state = entry(&mut entries, &user);
            if !self.closing.is_cancelled() && !state.borrow().is_alive() {
                state.send_replace(LabState::starting(Step::Agent));
                self.lives.spawn(self.clone().live(self.order(&user), state.clone(), Origin::Found));
            }
        }
    }

    /// Ends a lab and waits for that.
    pub async fn stop(&self, user: &Username) {
        self.spawner.stop(user).await;
    }

    /// Whose running lab has this secret.
    pub fn owner_of(&self, lab_secret: &str) -> Option<Username> {
        let ordered = lock(&self.secrets).get(&secrets::digest(lab_secret)).cloned();
        ordered.or_else(|| self.spawner.owner_of(lab_secret))
    }

    /// The labs that answer.
    pub fn ready(&self) -> Vec<(Username, Upstream)> {
        let entries = lock(&self.entries);
        let ready = entries.iter().filter_map(|(user, state)| match &*state.borrow() {
            LabState::Ready(upstream) => Some((user.clone(), upstream.clone())),
            LabState::Stopped | LabState::Starting { .. } | LabState::Failed(_) => None,
        });
        ready.collect()
    }

    /// Starts no labs any more, and ends all but those that go on without us.
    pub async fn close(&self) {
        self.closing.cancel();
        if !self.spawner.outlives_gateway() {
            let users: Vec<_> = lock(&self.entries).keys().cloned().collect();
            join_all(users.iter().map(|user| self.spawner.stop(user))).await;
        }
        self.lives.close();
        self.lives.wait().await;
    }

    /// One lab, from its start to its end.
    async fn live(self: Arc<Self>, order: LabOrder, state: watch::Sender<LabState>, origin: Origin) {
        let user = order.user.clone();
        let digest = secrets::digest(&order.lab_secret);
        lock(&self.secrets).insert(digest.clone(), user.clone());
        let mut ended = self.run_until_closed(&order, &state, origin).await;
        while self.goes_on(&user) {
            let message = "the lab ended, and starts again".to_owned();
            state.send_replace(LabState::Starting { step: Step::Agent, message });
            ended = self.run_until_closed(&order, &state, Origin::Found).await;
        }
        lock(&self.secrets).remove(&digest);
        state.send_replace(match ended {
            Ended::Asked => LabState::Stopped,
            Ended::Unasked { reason, log } => {
                tracing::warn!(lab.user = %user, %reason, "the lab of {user} failed");
                LabState::Failed(Failure { reason, log })
            }
        });
    }

    /// Whether others start a lab again that has ended for us, so that there is something to take up.
    fn goes_on(&self, user: &Username) -> bool {
        let closing = self.closing.is_cancelled();
        !closing && self.spawner.outlives_gateway() && self.spawner.state(user) == Presence::Present
    }

    async fn run_until_closed(
        &self,
        order: &LabOrder,
        state: &watch::Sender<LabState>,
        origin: Origin,
    ) -> Ended {
        tokio::select! {
            biased;
            () = self.closing.cancelled() => {
                if !self.spawner.outlives_gateway() {
                    self.spawner.stop(&order.user).await;
                }
                Ended::Asked
            }
            ended = self.run(order, state, origin) => ended,
        }
    }

    async fn run(&self, order: &LabOrder, state: &watch::Sender<LabState>, origin: Origin) -> Ended {
        let tell = |message| drop(state.send_replace(LabState::Starting { step: Step::Agent, message }));
        let started = match origin {
            Origin::Ordered => self.spawner.start(order, &tell).await,
            Origin::Found => self.spawner.resume(order, &tell).await,
        };
        let running = match started {
            Ok(running) => running,
            Err(error) => return error.into(),
        };
        let upstream = Upstream { addr: running.addr, agent_secret: running.agent_secret };
        state.send_replace(LabState::starting(Step::JupyterLab));
        let mut ended = running.ended;
        tokio::select! {
            ended = &mut ended => return ended,
            answer = probe::jupyterlab(&self.client, &upstream, &order.base_url, self.limits.start_within) => {
                if let Err(reason) = answer {
                    self.spawner.stop(&order.user).await;
                    return Ended::Unasked { reason, log: self.spawner.log(&order.user) };
                }
            }
        }
        tracing::info!(lab.user = %order.user, lab.addr = %upstream.addr, "the lab of {} is ready", order.user);
        state.send_replace(LabState::Ready(upstream));
        ended.await
    }

    fn order(&self, user: &Username) -> LabOrder {
        let LabTerms { token_url, flight_url, ca_file, kernel_idle_seconds } = self.terms.clone();
        LabOrder {
            user: user.clone(),
            base_url: base_url(user),
            agent_secret: secrets::fresh(),
            lab_secret: secrets::fresh(),
            token_url,
            flight_url,
            ca_file,
            kernel_idle_seconds,
        }
    }
}

fn entry<'e>(
    entries: &'e mut HashMap<Username, watch::Sender<LabState>>,
    user: &Username,
) -> &'e watch::Sender<LabState> {
    entries.entry(user.clone()).or_insert_with(|| watch::Sender::new(LabState::Stopped))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
