//! The controller: watches that fill the shelves and the queue, and workers that empty the queue.

use std::sync::Arc;

use api::resources::{Environment, Lab};
use futures::future::{join, join_all};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{Client, ResourceExt as _};
use tokio::sync::watch;

use crate::agents::Agents;
use crate::clock::Clock;
use crate::cluster::{Cluster, Namespaced};
use crate::config::{Config, Limits};
use crate::error::ClusterError;
use crate::lab::observed::Observed;
use crate::lab::plan::{self, Plan};
use crate::metrics::Metrics;
use crate::queue::{Key, Queue};
use crate::seen::{Seen, Shelf, Shelves, keep, slim_pod};
use crate::watch::Watch;

/// How a plan is made for a lab.
pub type LabDecision = Arc<dyn Fn(&Observed, &Config, Timestamp) -> Plan + Send + Sync>;

/// The decisions of the controller. Always the ones of this crate, except in the simulation, which plants defects.
#[derive(Clone)]
pub struct Decisions {
    /// For a lab.
    pub lab: LabDecision,
}

impl Default for Decisions {
    fn default() -> Self {
        Self { lab: Arc::new(plan::plan) }
    }
}

/// One replica. Any number of them may run at once.
pub struct Controller {
    pub(crate) cluster: Cluster,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) decisions: Decisions,
    pub(crate) seen: Seen,
    pub(crate) queue: Queue,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) agents: Arc<dyn Agents>,
    /// Whether every kind was listed once.
    listed: watch::Sender<bool>,
}

impl Controller {
    /// A controller that has seen nothing yet.
    pub fn new(
        client: Client,
        config: Config,
        clock: Arc<dyn Clock>,
        decisions: Decisions,
        agents: Arc<dyn Agents>,
    ) -> Self {
        let metrics = Arc::new(Metrics::default());
        let cluster = Cluster::new(client, &config, clock.clone(), metrics.clone());
        Self {
            cluster,
            config,
            clock,
            decisions,
            seen: Seen::default(),
            queue: Queue::default(),
            metrics,
            agents,
            listed: watch::Sender::new(false),
        }
    }

    /// The counters, as Prometheus reads them.
    pub fn metrics_page(&self) -> String {
        let shelves = self.seen.lock();
        let (labs, pods) = (shelves.labs.len() as u64, shelves.pods.len() as u64);
        let silence =
            shelves.heard.values().map(|heard| self.clock.now().saturating_sub(*heard).as_secs()).max();
        self.metrics.page(&[
            ("nearside_labs", labs),
            ("nearside_pods", pods),
            ("nearside_queue", self.queue.len() as u64),
            ("nearside_watch_age_seconds", silence.unwrap_or(0)),
        ])
    }

    /// Works for ever. Dropping the future is the same as killing the process.
    pub async fn run(&self) {
        let workers = join_all((0..self.config.limits.workers).map(|_| self.work()));
        join(join(self.watch_all(), self.resync()), join(self.cull_idle_labs(), workers)).await;
    }

    async fn watch_all(&self) {
        let labs = Follow { what: "labs", shelf: |shelves| &mut shelves.labs, slim: whole, keys: lab_keys };
        let pods =
            Follow { what: "pods", shelf: |shelves| &mut shelves.pods, slim: slim_pod, keys: pod_keys };
        let environments = Follow {
            what: "environments",
            shelf: |shelves| &mut shelves.environments,
            slim: whole,
            keys: environment_keys,
        };
        let first = join(self.follow::<Lab>(labs, None), self.follow::<Pod>(pods, Some(OUR_PODS)));
        join(first, self.follow::<Environment>(environments, None)).await;
    }

    /// Keeps one shelf as the watch tells it, and queues everything that a change may concern.
    async fn follow<K: Namespaced>(&self, follow: Follow<K>, labels: Option<&'static str>) {
        let limits = self.config.limits;
        let watch =
            Watch { what: follow.what, api: self.cluster.api::<K>(), labels, clock: &*self.clock, limits };
        let tell = |change| {
            let now = self.clock.now();
            let mut shelves = self.seen.lock();
            shelves.heard.insert(follow.what, now);
            if shelves.heard.len() == WATCHES {
                self.listed.send_replace(true);
            }
            let names = keep((follow.shelf)(&mut shelves), change, follow.slim);
            for key in names.iter().flat_map(|name| (follow.keys)(&shelves, name)) {
                self.queue.add(key, now);
            }
        };
        watch.follow(tell).await;
    }

    /// Looks at everything again now and then, heard of or not.
    async fn resync(&self) {
        loop {
            self.clock.sleep(self.config.limits.resync).await;
            let now = self.clock.now();
            let shelves = self.seen.lock();
            for name in shelves.labs.keys() {
                self.queue.add(Key::Lab(name.clone()), now);
            }
        }
    }

    async fn work(&self) {
        // Whoever has not heard of pods yet would take every lab for one without.
        self.listed.subscribe().wait_for(|listed| *listed).await.ok();
        loop {
            let key = self.queue.next(&*self.clock).await;
            let Key::Lab(name) = &key;
            let outcome = self.reconcile_lab(name).await;
            self.metrics.reconciled("Lab", outcome.as_ref().err().map_or("ok", ClusterError::label));
            let now = self.clock.now();
            match outcome {
                Ok(again) => self.queue.done(key, now, again),
                Err(error) => {
                    tracing::debug!(%error, "{key:?} is tried again");
                    let wait = if let ClusterError::Busy { wait, .. } = &error { *wait } else { None };
                    self.queue.failed(key, now, wait);
                }
            }
        }
    }

    /// Whether every watch has been heard of lately.
    pub fn is_current(&self) -> bool {
        let Limits { watch, watch_grace, .. } = self.config.limits;
        let patience = (watch + watch_grace) * 2;
        let now = self.clock.now();
        let shelves = self.seen.lock();
        shelves.heard.len() == WATCHES
            && shelves.heard.values().all(|heard| now.saturating_sub(*heard) < patience)
    }
}

/// Watches that every controller holds open.
const WATCHES: usize = 3;

/// The pods that are watched: those that the controller made.
const OUR_PODS: &str = "app.kubernetes.io/managed-by=nearside-controller";

/// One kind that is followed.
struct Follow<K> {
    what: &'static str,
    shelf: fn(&mut Shelves) -> &mut Shelf<K>,
    slim: fn(K) -> K,
    keys: fn(&Shelves, &str) -> Vec<Key>,
}

fn whole<K>(object: K) -> K {
    object
}

/// A lab concerns itself, the lab that took it, and the lab that it took.
fn lab_keys(shelves: &Shelves, name: &str) -> Vec<Key> {
    let mut keys = vec![Key::Lab(name.to_owned())];
    if let Some(lab) = shelves.labs.get(name) {
        keys.extend(lab.spec.claim.iter().map(|claim| Key::Lab(claim.lab.clone())));
        keys.extend(lab.spec.warm.iter().cloned().map(Key::Lab));
    } else {
        let bound = |lab: &&Arc<Lab>| {
            lab.spec.warm.as_deref() == Some(name)
                || lab.spec.claim.as_ref().is_some_and(|claim| claim.lab == name)
        };
        keys.extend(shelves.labs.values().filter(bound).map(|lab| Key::Lab(lab.name_any())));
    }
    keys
}

fn pod_keys(shelves: &Shelves, name: &str) -> Vec<Key> {
    let Some(lab) = name.strip_prefix("lab-") else { return Vec::new() };
    let mut keys = lab_keys(shelves, lab);
    keys.push(Key::Lab(lab.to_owned()));
    keys
}

fn environment_keys(shelves: &Shelves, name: &str) -> Vec<Key> {
    let labs = shelves.labs.values().filter(|lab| lab.spec.environment == name);
    labs.map(|lab| Key::Lab(lab.name_any())).collect()
}
