//! Scheduler, kubelets, node controller and garbage collector: what the cluster itself does to pods and to objects
//! whose owner is gone.
//!
//! What runs on a node is kept apart from what the API server says: a pod that was deleted by force goes on running on a
//! node that does not hear of it. That difference is what the first invariant is about.

mod garbage;
mod kubelet;

use std::collections::BTreeMap;
use std::time::Duration;

use controller::clock::Clock as _;

use crate::cluster::Cluster;

pub use garbage::orphans as garbage_left;

/// How often kubelets and controllers of the cluster look.
const TICK: Duration = Duration::from_secs(1);

/// The garbage collector looks every so many ticks.
const COLLECTOR_TICKS: u64 = 2;

/// A node does not answer for this long before its pods count as not ready.
const GRACE: Duration = Duration::from_secs(40);

/// And this long before they are deleted.
const TOLERATION: Duration = Duration::from_secs(120);

/// A container that really runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The name of its pod.
    pub pod: String,
    /// The UID of the lab that its pod was made for.
    pub lab: String,
    /// The name of that lab.
    pub lab_name: String,
    /// Where.
    pub node: usize,
    /// The volume it has mounted as home.
    pub home: Option<String>,
}

/// What one pod will do and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    schedule_at: Duration,
    start_takes: Duration,
    start_at: Option<Duration>,
    mishap_at: Option<Duration>,
    stop_takes: Duration,
    stop_at: Option<Duration>,
}

/// A node.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Since when it does not answer.
    pub down_since: Option<Duration>,
}

/// All nodes.
pub struct Nodes {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// What runs, by the UID of the pod.
    pub containers: BTreeMap<String, Container>,
    pub(crate) fates: BTreeMap<String, Fate>,
}

impl Nodes {
    /// So many nodes, all answering.
    pub fn new(count: usize) -> Self {
        Self { nodes: vec![Node::default(); count], containers: BTreeMap::new(), fates: BTreeMap::new() }
    }

    /// Nothing on the nodes takes long or goes wrong from now on.
    pub fn hurry(&mut self, now: Duration) {
        for fate in self.fates.values_mut() {
            fate.schedule_at = fate.schedule_at.min(now);
            fate.start_takes = fate.start_takes.min(Duration::from_secs(3));
            fate.start_at = fate.start_at.map(|at| at.min(now + Duration::from_secs(3)));
            fate.mishap_at = None;
        }
    }

    /// An address that no running pod has: the lowest, so that addresses are used again as soon as possible.
    fn free_address(taken: &[String]) -> String {
        let address =
            (2..=254).map(|last| format!("198.18.0.{last}")).find(|address| !taken.contains(address));
        address.unwrap_or_else(|| "198.18.1.1".to_owned())
    }
}

/// Runs the cluster's own parts for ever.
pub async fn run(cluster: Cluster) {
    let mut collected = 0;
    for tick in 0_u64.. {
        cluster.clock.sleep(TICK).await;
        kubelet::tick(&cluster);
        if tick % COLLECTOR_TICKS == 0 {
            garbage::tick(&cluster, &mut collected);
        }
    }
}
