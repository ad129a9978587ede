//! Every setting of the controller, with its default. Only `main.rs` fills it from arguments and the environment.

use std::time::Duration;

use crate::budget::Rate;

/// Everything the controller needs besides a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// The namespace whose resources this controller serves, and the only one in which it writes.
    pub namespace: String,
    /// What every lab pod gets.
    pub pods: PodSettings,
    /// Every limit of this program.
    pub limits: Limits,
}

/// What every lab pod gets, whatever its environment.
#[derive(Clone, Debug)]
pub struct PodSettings {
    /// The image with the lab-agent, by digest; copied into the lab by an init container.
    pub agent_image: String,
    /// Arrow Flight location that kernels use.
    pub flight_url: String,
    /// Where agents fetch data tokens.
    pub token_url: String,
    /// Secrets of labs are derived from this key, which the gateway knows too.
    pub lab_key: LabKey,
    /// Whether pods get user namespaces of their own (`hostUsers: false`); needs Linux 6.3 and containerd 2.
    pub user_namespaces: bool,
    /// The user and group that labs run as.
    pub uid: i64,
    /// Priority class of labs, if the cluster has one for them.
    pub priority_class: Option<String>,
    /// Seconds that a lab has to end by itself.
    pub grace_seconds: i64,
}

/// The key from which secrets of labs are derived. Never printed.
#[derive(Clone)]
pub struct LabKey(pub Vec<u8>);

impl std::fmt::Debug for LabKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LabKey")
    }
}

/// Everything that queues, waits or repeats, with its limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// API calls, watches apart.
    pub calls: Rate,
    /// How long one call may take before its outcome counts as unknown.
    pub call: Duration,
    /// Reconciles at a time.
    pub workers: usize,
    /// Objects in one page of a list.
    pub page: u32,
    /// How long the server keeps one watch open.
    pub watch: Duration,
    /// How long after that an open watch counts as stalled and is opened again.
    pub watch_grace: Duration,
    /// Every object is looked at again after this long, whether or not anything was heard of it.
    pub resync: Duration,
    /// Labs that may be starting at a time; the others queue.
    pub starting: usize,
    /// Pods in a row that may end by themselves before the lab is left alone.
    pub failures: u32,
    /// How long a lab must answer before earlier failures are forgotten.
    pub stable: Duration,
    /// How long a pod may outlive its announced end before its node counts as lost.
    pub lost: Duration,
    /// How long a deleted Lab waits for a pod on a lost node before it lets go.
    pub release: Duration,
    /// How often labs that may be idle are asked.
    pub cull: Duration,
    /// Labs that are asked at a time.
    pub asked: usize,
    /// How long an agent may take to say whether its lab is idle.
    pub answer: Duration,
    /// Pause before a refused object is tried again.
    pub refused: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: Rate { per_second: 100, burst: 50 },
            call: Duration::from_secs(15),
            workers: 16,
            page: 500,
            watch: Duration::from_secs(15),
            watch_grace: Duration::from_secs(5),
            resync: Duration::from_secs(300),
            starting: 50,
            failures: 5,
            stable: Duration::from_secs(600),
            lost: Duration::from_secs(60),
            release: Duration::from_secs(600),
            cull: Duration::from_secs(15),
            asked: 32,
            answer: Duration::from_secs(5),
            refused: Duration::from_secs(15),
        }
    }
}
