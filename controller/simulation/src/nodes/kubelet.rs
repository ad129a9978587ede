//! Scheduler, kubelets and node controller: one look at every pod.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use controller::clock::Clock as _;
use serde_json::{Value, json};

use crate::cluster::{Actor, Cluster, World};
use crate::invariants;
use crate::store::{Place, text};

use super::{Container, Fate, GRACE, Nodes, TOLERATION};

/// Moves every pod on by what is due.
pub fn tick(cluster: &Cluster) {
    let pods: Vec<Arc<Value>> = cluster.world().store.all("pods").cloned().collect();
    for pod in &pods {
        let uid = text(pod, "/metadata/uid");
        let known = cluster.world().nodes.fates.get(uid).copied();
        let fate = known.unwrap_or_else(|| {
            let fate = fate(cluster);
            cluster.world().nodes.fates.insert(uid.to_owned(), fate);
            fate
        });
        look(cluster, pod, uid, &fate);
    }
    stop_the_forgotten(cluster, &pods);
}

/// What will become of a new pod.
fn fate(cluster: &Cluster) -> Fate {
    let (dice, now) = (&cluster.dice, cluster.clock.now());
    let mishaps = cluster.world().faults.mishaps;
    let slow = dice.happens(mishaps);
    Fate {
        schedule_at: now + dice.millis(100..if slow { 60_000 } else { 1000 }),
        start_takes: dice.millis(500..if slow { 90_000 } else { 3000 }),
        start_at: None,
        mishap_at: dice.happens(mishaps).then(|| now + dice.millis(5_000..600_000)),
        stop_takes: dice.millis(100..4000),
        stop_at: None,
    }
}

fn look(cluster: &Cluster, pod: &Value, uid: &str, fate: &Fate) {
    let now = cluster.clock.now();
    let node: Option<usize> =
        text(pod, "/spec/nodeName").strip_prefix("node-").and_then(|node| node.parse().ok());
    match node {
        None if now >= fate.schedule_at => schedule(cluster, pod),
        None => {}
        Some(node) => {
            let down = cluster.world().nodes.nodes[node].down_since;
            match down {
                Some(since) => give_up(cluster, pod, now - since),
                None => on_node(cluster, pod, uid, node, fate),
            }
        }
    }
}

fn schedule(cluster: &Cluster, pod: &Value) {
    let up: Vec<usize> = {
        let world = cluster.world();
        let nodes = world.nodes.nodes.iter().enumerate();
        nodes.filter(|(_, node)| node.down_since.is_none()).map(|(number, _)| number).collect()
    };
    match cluster.dice.pick(&up) {
        Some(node) => change(cluster, pod, |pod| pod["spec"]["nodeName"] = json!(format!("node-{node}"))),
        None => change(cluster, pod, |pod| {
            let message = "0/3 nodes are available: 3 node(s) had untolerated taint.";
            pod["status"] = json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]});
        }),
    }
}

/// The node controller, about a node that does not answer.
fn give_up(cluster: &Cluster, pod: &Value, silence: Duration) {
    if silence > GRACE && ready(pod) {
        change(cluster, pod, |pod| {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "False", "reason": "NodeLost"}])
        });
    }
    if silence > TOLERATION && text(pod, "/metadata/deletionTimestamp").is_empty() {
        let place = place(pod);
        let uid = text(pod, "/metadata/uid");
        let marked = cluster.commit(Actor::Cluster, "delete", ("pods", &place.1), |store, now| {
            store.delete(&place, Some(uid), None, now)
        });
        drop(marked);
    }
}

fn on_node(cluster: &Cluster, pod: &Value, uid: &str, node: usize, fate: &Fate) {
    let now = cluster.clock.now();
    let with_fate = |update: &dyn Fn(&mut Fate)| {
        if let Some(fate) = cluster.world().nodes.fates.get_mut(uid) {
            update(fate);
        }
    };
    let running = cluster.world().nodes.containers.contains_key(uid);
    if !text(pod, "/metadata/deletionTimestamp").is_empty() {
        match fate.stop_at {
            None => with_fate(&|fate| fate.stop_at = Some(now + fate.stop_takes)),
            Some(at) if now >= at => removed(cluster, pod, uid),
            Some(_) => {}
        }
    } else if matches!(text(pod, "/status/phase"), "Failed" | "Succeeded") {
        // Stays until somebody removes it.
    } else if !running {
        match fate.start_at {
            None => with_fate(&|fate| fate.start_at = Some(now + fate.start_takes)),
            Some(at) if now >= at => start(cluster, pod, uid, node),
            Some(_) => {}
        }
    } else if fate.mishap_at.is_some_and(|at| now >= at) {
        with_fate(&|fate| fate.mishap_at = None);
        mishap(cluster, pod, uid);
    } else if !ready(pod) {
        change(cluster, pod, |pod| {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}])
        });
    }
}

fn removed(cluster: &Cluster, pod: &Value, uid: &str) {
    let mut world = cluster.world();
    world.nodes.containers.remove(uid);
    world.store.remove_pod(text(pod, "/metadata/name"));
    world.record(cluster.clock.now(), &format!("kubelet removes {uid}"));
    drop(world);
    cluster.changed.notify_waiters();
}

/// Starts the container, if the secret and the volume that it names are there.
fn start(cluster: &Cluster, pod: &Value, uid: &str, node: usize) {
    let volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    let named = |pointer: &str| {
        volumes.iter().map(|volume| text(volume, pointer).to_owned()).find(|name| !name.is_empty())
    };
    let (secret, home) = (named("/secret/secretName"), named("/persistentVolumeClaim/claimName"));
    let mut world = cluster.world();
    let there = |world: &World, plural: &str, name: &Option<String>| {
        name.as_ref().is_none_or(|name| world.store.get(plural, name).is_some())
    };
    if !there(&world, "secrets", &secret) || !there(&world, "persistentvolumeclaims", &home) {
        return;
    }
    let owner = &pod["metadata"]["ownerReferences"][0];
    let container = Container {
        pod: text(pod, "/metadata/name").to_owned(),
        lab: text(owner, "/uid").to_owned(),
        lab_name: text(owner, "/name").to_owned(),
        node,
        home,
    };
    world.tally.pods += 1;
    let found = invariants::on_start(&world, uid, &container);
    world.found(cluster.clock.now(), found);
    world.nodes.containers.insert(uid.to_owned(), container);
    let taken: Vec<String> =
        world.store.all("pods").map(|pod| text(pod, "/status/podIP").to_owned()).collect();
    drop(world);
    let address = Nodes::free_address(&taken);
    change(cluster, pod, |pod| {
        pod["status"] = json!({"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]});
    });
}

/// The node runs out of something and ends the pod, or the lab does not answer for a moment.
fn mishap(cluster: &Cluster, pod: &Value, uid: &str) {
    cluster.world().tally.faults += 1;
    if cluster.dice.happens(0.5) {
        cluster.world().nodes.containers.remove(uid);
        change(cluster, pod, |pod| {
            pod["status"] = json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."});
        });
    } else {
        change(cluster, pod, |pod| {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": "False"}])
        });
    }
}

/// A kubelet ends containers whose pod the API server no longer knows, once it hears of it.
fn stop_the_forgotten(cluster: &Cluster, pods: &[Arc<Value>]) {
    let mut world = cluster.world();
    let nodes = world.nodes.nodes.clone();
    let uids: BTreeSet<&str> = pods.iter().map(|pod| text(pod, "/metadata/uid")).collect();
    let known = |uid: &str| uids.contains(uid);
    world.nodes.containers.retain(|uid, container| {
        known(uid) || nodes[container.node].down_since.is_some() || {
            // Ten looks later, on average: by its UID, so that no dice are thrown for it.
            cluster.clock.now().as_millis() % 5000 >= 500
        }
    });
    world.nodes.fates.retain(|uid, _| known(uid));
}

fn ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["type"] == "Ready" && pod["status"]["conditions"][0]["status"] == "True"
}

fn place(pod: &Value) -> Place {
    ("pods".to_owned(), text(pod, "/metadata/name").to_owned())
}

/// Changes the pod if it is still the one that was looked at.
fn change(cluster: &Cluster, pod: &Value, change: impl FnOnce(&mut Value)) {
    let place = place(pod);
    let changed = cluster.commit(Actor::Cluster, "patch", ("pods", &place.1), |store, _| {
        let before = store.get("pods", &place.1).cloned();
        let same = before.filter(|before| text(before, "/metadata/uid") == text(pod, "/metadata/uid"));
        let Some(before) = same else { return Ok(Arc::new(pod.clone())) };
        let mut after = Value::clone(&before);
        change(&mut after);
        store.update(&place, &before, after)
    });
    drop(changed);
}
