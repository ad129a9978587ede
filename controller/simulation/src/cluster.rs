//! The whole simulated cluster: store, nodes, faults, and what was found wrong, behind one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use controller::clock::Clock as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use crate::clock::SimClock;
use crate::dice::Dice;
use crate::invariants;
use crate::nodes::Nodes;
use crate::store::{Refusal, Store, text};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A replica of the controller.
    Controller(u8),
    /// The cluster's own controllers and kubelets.
    Cluster,
    /// A person, or the gateway for one.
    Person,
}

/// One change that was made, for the invariants.
pub struct Commit<'a> {
    /// Who.
    pub actor: Actor,
    /// `create`, `patch`, `delete`.
    pub verb: &'static str,
    /// The kind of object.
    pub plural: &'a str,
    /// Its name.
    pub name: &'a str,
    /// As it was.
    pub before: Option<Arc<Value>>,
    /// As it is, or as it was last.
    pub after: Arc<Value>,
}

/// What goes wrong from now on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The part of calls that fail in some way.
    pub calls: f64,
    /// The part of watches that fall silent without closing.
    pub stalls: f64,
    /// Whether the API server answers nobody.
    pub outage: bool,
    /// The part of pods that meet a mishap on their node.
    pub mishaps: f64,
}

/// A resource, and a verb as a Role has it.
pub type Right = (String, &'static str);

/// Counts of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls by controllers, watches apart.
    pub calls: u64,
    /// What controllers did to which resources, as a Role would grant it.
    pub rights: BTreeSet<Right>,
    /// Faults that were injected.
    pub faults: u64,
    /// Pods that started.
    pub pods: u64,
    /// Controllers that were killed.
    pub kills: u64,
}

/// Everything behind the lock.
pub struct World {
    /// The API server's objects.
    pub store: Store,
    /// The nodes and what runs on them.
    pub nodes: Nodes,
    /// What goes wrong.
    pub faults: Faults,
    /// Counts.
    pub tally: Tally,
    /// What was found wrong, with the time.
    pub violations: Vec<String>,
    /// When a lab, by its UID, was last one that should not run.
    pub unwanted: BTreeMap<String, Duration>,
    /// When an object without an owner was first noticed.
    pub orphans: BTreeMap<String, Duration>,
    /// A fingerprint of everything that happened, in its order.
    pub trace: u64,
}

/// The cluster, shared by everything in a run.
#[derive(Clone)]
pub struct Cluster {
    /// Time.
    pub clock: SimClock,
    /// Chance.
    pub dice: Dice,
    /// Woken by every change.
    pub changed: Arc<Notify>,
    /// Told when something was found wrong: there is no need to go on.
    pub violated: Arc<Notify>,
    world: Arc<Mutex<World>>,
}

impl Cluster {
    /// An empty cluster with three nodes.
    pub fn new(clock: SimClock, dice: Dice) -> Self {
        let world = World {
            store: Store::default(),
            nodes: Nodes::new(3),
            faults: Faults::default(),
            tally: Tally::default(),
            violations: Vec::new(),
            unwanted: BTreeMap::new(),
            orphans: BTreeMap::new(),
            trace: 0xcbf2_9ce4_8422_2325,
        };
        Self {
            clock,
            dice,
            changed: Arc::new(Notify::new()),
            violated: Arc::new(Notify::new()),
            world: Arc::new(Mutex::new(world)),
        }
    }

    /// The world, locked. Never held across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nothing panics while it holds the world")
    }

    /// What the calendar says.
    pub fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Makes a change to an object, tells the watches, and checks what must always hold.
    pub fn commit(
        &self,
        actor: Actor,
        verb: &'static str,
        place: (&str, &str),
        change: impl FnOnce(&mut Store, Timestamp) -> Result<Arc<Value>, Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        let now = self.wall();
        let mut world = self.world();
        let version = world.store.version();
        let before = world.store.get(place.0, place.1).cloned();
        let outcome = change(&mut world.store, now);
        let code = outcome.as_ref().err().map_or(200, |refusal| refusal.code);
        world.record(self.clock.now(), &format!("{actor:?} {verb} {}/{} {code}", place.0, place.1));
        let after = outcome?;
        if world.store.version() != version {
            let commit = Commit { actor, verb, plural: place.0, name: place.1, before, after: after.clone() };
            world.remember(&commit, self.clock.now());
            let found = invariants::on_commit(&world, &commit, self.clock.now());
            if !found.is_empty() {
                self.violated.notify_one();
            }
            world.found(self.clock.now(), found);
            self.changed.notify_waiters();
        }
        Ok(after)
    }
}

impl World {
    /// Adds one line to the fingerprint (FNV-1a).
    pub fn record(&mut self, at: Duration, line: &str) {
        for byte in at.as_micros().to_le_bytes().iter().chain(line.as_bytes()) {
            self.trace = (self.trace ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Notes which labs should not run before or after a change.
    fn remember(&mut self, commit: &Commit<'_>, now: Duration) {
        let unwanted = |lab: &Arc<Value>| lab["kind"] == "Lab" && !invariants::wants_to_run(lab);
        let versions = commit.before.iter().chain([&commit.after]);
        for lab in versions.filter(|lab| unwanted(lab)) {
            self.unwanted.insert(text(lab, "/metadata/uid").to_owned(), now);
        }
    }

    /// Keeps what was found wrong.
    pub fn found(&mut self, at: Duration, violations: Vec<String>) {
        for violation in violations {
            self.violations.push(format!("{:.1} s: {violation}", at.as_secs_f64()));
        }
    }
}
