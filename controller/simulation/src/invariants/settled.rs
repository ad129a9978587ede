//! What must hold once faults have stopped and a minute has passed.

use serde_json::Value;

use crate::cluster::World;
use crate::nodes::garbage_left;
use crate::store::{at, text};

use super::{lab_by_uid, owner_uid, wants_to_run};

/// Pods in a row that may end by themselves; then the lab is left alone.
const FAILURES: u64 = 5;

/// Everything that is not as it should be.
pub fn on_settled(world: &World) -> Vec<String> {
    let mut found: Vec<String> =
        world.store.all("labs").filter_map(|lab| lab_is_as_asked(world, lab)).collect();
    for ((plural, name), _) in garbage_left(&world.store) {
        found.push(format!("I3: {plural} {name} is left of something that is gone"));
    }
    for (place, object) in world.store.everything() {
        let ours = object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "nearside-controller";
        let kept = place.0 == "persistentvolumeclaims" || place.0 == "labs";
        if ours && !kept && owner_uid(object).is_empty() {
            found.push(format!("I3: {} {} belongs to nothing and will never go", place.0, place.1));
        }
    }
    for container in world.nodes.containers.values() {
        if world.store.get("pods", &container.pod).is_none() {
            found.push(format!("I3: {} runs and nobody knows of it", container.pod));
        }
    }
    found
}

fn lab_is_as_asked(world: &World, lab: &Value) -> Option<String> {
    let name = text(lab, "/metadata/name");
    let phase = text(lab, "/status/phase");
    if !text(lab, "/metadata/deletionTimestamp").is_empty() {
        let others = at(lab, "/metadata/finalizers").and_then(Value::as_array)?;
        let ours = others.iter().any(|finalizer| finalizer == "nearside.dev/lab");
        return ours.then(|| format!("I2: the deleted lab {name} is still there"));
    }
    if let Some(claimant) = at(lab, "/spec/claim/uid").and_then(Value::as_str) {
        let there = lab_by_uid(&world.store, claimant).is_some();
        return (!there).then(|| format!("I3: warm lab {name} was taken by a lab that is gone, and stays"));
    }
    let pod = pod_of(world, lab);
    if !wants_to_run(lab) {
        let stopped = pod.is_none() && phase == "Stopped";
        return (!stopped).then(|| format!("I2: lab {name} should be stopped and is {phase:?}"));
    }
    if text(lab, "/spec/environment") == "missing" || name_is_taken(world, name) || stolen_home(world, lab) {
        return (phase != "Failed").then(|| format!("I2: lab {name} cannot start and is {phase:?}"));
    }
    if lab["status"]["failures"].as_u64().unwrap_or(0) >= FAILURES && phase == "Failed" {
        return None;
    }
    let Some(pod) = pod else {
        return Some(format!("I2: lab {name} should run and has no pod; it is {phase:?}"));
    };
    let running = world.nodes.containers.contains_key(text(&pod, "/metadata/uid"));
    let address = format!("{}:8888", text(&pod, "/status/podIP"));
    let told =
        text(lab, "/status/address") == address && text(lab, "/status/podUid") == text(&pod, "/metadata/uid");
    match (running, phase == "Ready" && told) {
        (true, true) => unreachable(world, lab),
        (false, _) => Some(format!("I2: lab {name} should run and does not; it is {phase:?}")),
        (true, false) => Some(format!("I2: lab {name} runs and its status says {phase:?} at another place")),
    }
}

/// What a lab was granted to reach, and that nothing lets it reach.
fn unreachable(world: &World, lab: &Value) -> Option<String> {
    let (name, uid) = (text(lab, "/metadata/name"), text(lab, "/metadata/uid"));
    let granted = at(lab, "/spec/network/allow/0/cidr")?;
    let policy = world.store.get("networkpolicies", &format!("lab-{name}"));
    let lets = policy.is_some_and(|policy| {
        owner_uid(policy) == uid && at(policy, "/spec/egress/0/to/0/ipBlock/cidr") == Some(granted)
    });
    (!lets).then(|| format!("I2: no policy lets lab {name} reach {granted}"))
}

/// The pod that serves a lab: its own, or that of the warm lab that it took.
fn pod_of(world: &World, lab: &Value) -> Option<std::sync::Arc<Value>> {
    let uid = text(lab, "/metadata/uid");
    let serves = |pod: &&std::sync::Arc<Value>| {
        let owner = owner_uid(pod);
        owner == uid
            || lab_by_uid(&world.store, owner).is_some_and(|warm| text(warm, "/spec/claim/uid") == uid)
    };
    world.store.all("pods").find(serves).cloned()
}

fn name_is_taken(world: &World, lab: &str) -> bool {
    let pod = world.store.get("pods", &format!("lab-{lab}"));
    pod.is_some_and(|pod| pod["metadata"]["labels"]["app.kubernetes.io/managed-by"] != "nearside-controller")
}

fn stolen_home(world: &World, lab: &Value) -> bool {
    let account = text(lab, "/spec/owner/account");
    let home = world.store.get("persistentvolumeclaims", &format!("home-{account}"));
    let theirs = |home: &Value| home["metadata"]["annotations"]["nearside.dev/account"] != account;
    at(lab, "/spec/home").is_some() && home.is_some_and(|home| theirs(home))
}
