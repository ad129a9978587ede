//! One run: half an hour of faults with two replicas that get killed, then a minute of peace, then the verdict.

use std::sync::Arc;
use std::time::Duration;

use controller::clock::{Clock as _, within};
use controller::config::{LabKey, Limits, PodSettings};
use controller::controller::Decisions;
use controller::{Config, Controller};
use tokio::task::JoinHandle;

use crate::agents::SimAgents;
use crate::clock::SimClock;
use crate::cluster::{Actor, Cluster, Faults, Tally};
use crate::defects::Defect;
use crate::dice::Dice;
use crate::invariants;
use crate::server::Connection;
use crate::{nodes, people};

/// How long people and faults are at work.
const BUSY: Duration = Duration::from_secs(1800);

/// How long everything may take to be as it should be once they have stopped.
const SETTLE: Duration = Duration::from_secs(60);

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was found wrong, in the order in which it was found.
    pub violations: Vec<String>,
    /// A fingerprint of everything that happened.
    pub trace: u64,
    /// Counts.
    pub tally: Tally,
}

/// Runs `seed`, with `defect` planted in every replica, if any.
pub fn run(seed: u64, defect: Option<Defect>) -> std::io::Result<Verdict> {
    let clock = SimClock::default();
    let runtime = clock.runtime()?;
    let cluster = Cluster::new(clock, Dice::new(seed));
    Ok(runtime.block_on(half_hour(cluster, defect)))
}

async fn half_hour(cluster: Cluster, defect: Option<Defect>) -> Verdict {
    people::prepare(&cluster);
    let severity = cluster.dice.number(1..10) as f64 / 10.0;
    cluster.world().faults =
        Faults { calls: 0.25 * severity, stalls: 0.2 * severity, outage: false, mishaps: 0.5 * severity };
    let mut tasks = vec![tokio::spawn(nodes::run(cluster.clone()))];
    tasks.push(tokio::spawn(people::warmer(cluster.clone(), BUSY)));
    tasks.push(tokio::spawn(people::weather(cluster.clone(), BUSY - Duration::from_secs(500))));
    tasks.extend(
        (0..people::PEOPLE).map(|number| tokio::spawn(people::person(cluster.clone(), number, BUSY))),
    );
    tasks.extend((0..2).map(|replica| tokio::spawn(replica_and_killer(cluster.clone(), replica, defect))));
    if within(&cluster.clock, BUSY, cluster.violated.notified()).await.is_none() {
        peace(&cluster);
        cluster.clock.sleep(SETTLE).await;
        let mut world = cluster.world();
        let found = invariants::on_settled(&world);
        world.found(cluster.clock.now(), found);
    }
    let world = cluster.world();
    tasks.iter().for_each(JoinHandle::abort);
    Verdict { violations: world.violations.clone(), trace: world.trace, tally: world.tally.clone() }
}

fn peace(cluster: &Cluster) {
    let mut world = cluster.world();
    world.faults = Faults::default();
    world.store.pod_quota = None;
    for node in &mut world.nodes.nodes {
        node.down_since = None;
    }
    // The last mishap of all: every watch starts from a new list. Not always, because that heals what was missed before.
    if cluster.dice.happens(0.5) {
        world.store.forgotten = world.store.version();
    }
    world.nodes.hurry(cluster.clock.now());
}

/// A replica that is killed at any moment, between any two calls, and started again.
async fn replica_and_killer(cluster: Cluster, replica: u8, defect: Option<Defect>) {
    loop {
        let connection = Connection { cluster: cluster.clone(), actor: Actor::Controller(replica), defect };
        let decisions = defect.map_or_else(Decisions::default, Defect::decisions);
        let clock = Arc::new(cluster.clock.clone());
        let agents = Arc::new(SimAgents { cluster: cluster.clone(), busy: BUSY });
        let controller = Controller::new(connection.client(), config(defect), clock, decisions, agents);
        let running = tokio::spawn(async move { controller.run().await });
        let life = cluster.dice.millis(100..600_000);
        cluster.clock.sleep(life).await;
        while cluster.clock.now() >= BUSY {
            cluster.clock.sleep(SETTLE).await;
        }
        running.abort();
        cluster.world().tally.kills += 1;
        cluster.clock.sleep(cluster.dice.millis(100..20_000)).await;
    }
}

fn config(defect: Option<Defect>) -> Config {
    let mut config = Config {
        namespace: "labs".to_owned(),
        pods: PodSettings {
            agent_image: "agent@sha256:bb".to_owned(),
            flight_url: "grpc://flight:8815".to_owned(),
            token_url: "http://gateway/api/lab/token".to_owned(),
            lab_key: LabKey(b"simulation".to_vec()),
            user_namespaces: true,
            uid: 1000,
            priority_class: None,
            grace_seconds: 10,
        },
        limits: Limits { page: 7, starting: 6, workers: 4, ..Limits::default() },
    };
    if let Some(defect) = defect {
        defect.configure(&mut config);
    }
    config
}
