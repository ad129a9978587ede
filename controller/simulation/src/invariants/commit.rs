//! What must hold after every single change.

use std::time::Duration;

use serde_json::Value;

use crate::cluster::{Actor, Commit, World};
use crate::store::{at, text};

use super::{lab_by_uid, owner_uid, session, wants_to_run};

/// How old a decision may be that is carried out now: a look at everything and a call, each late by as much as is waited for.
const DECISION: Duration = Duration::from_secs(60);

/// What this change, made `now`, broke.
pub fn on_commit(world: &World, commit: &Commit<'_>, now: Duration) -> Vec<String> {
    let mut found = Vec::new();
    if commit.plural == "persistentvolumeclaims" && commit.verb == "delete" {
        found.push(format!("I4: the home {} was deleted by {:?}", commit.name, commit.actor));
    }
    if let Actor::Controller(_) = commit.actor {
        match (commit.plural, commit.verb) {
            ("pods", "delete") => found.extend(ended(world, commit, now)),
            ("labs", "patch") => {
                found.extend(address(world, commit));
                found.extend(stopped(world, commit));
                found.extend(finalizers(commit));
            }
            _ => {}
        }
    }
    if commit.plural == "labs" {
        found.extend(twice(world));
    }
    found
}

/// I4, I6: a pod was ended that should not have been.
fn ended(world: &World, commit: &Commit<'_>, now: Duration) -> Option<String> {
    let pod = commit.before.as_deref()?;
    if pod["metadata"]["labels"]["app.kubernetes.io/managed-by"] != "nearside-controller" {
        return Some(format!("I4: the pod {} of a stranger was deleted", commit.name));
    }
    let running = world.nodes.containers.contains_key(text(pod, "/metadata/uid"));
    let lab = lab_by_uid(&world.store, owner_uid(pod))?;
    let user = match text(lab, "/spec/claim/uid") {
        "" => lab,
        // A warm lab is wanted as long as the one that took it.
        claimant => lab_by_uid(&world.store, claimant)?,
    };
    // Whoever stops a lab and starts it at once may see it end first.
    let stopped = world.unwanted.get(text(user, "/metadata/uid"));
    let wanted = wants_to_run(user) && stopped.is_none_or(|stopped| now - *stopped > DECISION);
    let first = text(pod, "/metadata/deletionTimestamp").is_empty();
    (running && wanted && first && text(lab, "/metadata/deletionTimestamp").is_empty())
        .then(|| format!("I6: the running pod {} of a lab that should run was ended", commit.name))
}

/// I7: an address was written, and it is not that of the lab's own pod.
fn address(world: &World, commit: &Commit<'_>) -> Option<String> {
    let lab = &*commit.after;
    let before = commit.before.as_deref().map(|before| text(before, "/status/podUid"));
    let pod_uid = text(lab, "/status/podUid");
    if pod_uid.is_empty() || before == Some(pod_uid) {
        return None;
    }
    let uid = text(lab, "/metadata/uid");
    let owner = world.store.pod_owner(pod_uid)?;
    let warm = lab_by_uid(&world.store, owner);
    let ours = *owner == uid || warm.is_none_or(|warm| text(warm, "/spec/claim/uid") == uid);
    (!ours).then(|| format!("I7: the status of lab {} names a pod of another lab", commit.name))
}

/// I2: a lab is called stopped while it runs.
fn stopped(world: &World, commit: &Commit<'_>) -> Option<String> {
    let lab = &*commit.after;
    let before = commit.before.as_deref().map(|before| text(before, "/status/phase"));
    if text(lab, "/status/phase") != "Stopped" || before == Some("Stopped") {
        return None;
    }
    let uid = text(lab, "/metadata/uid");
    let runs = world.nodes.containers.values().any(|container| session(&world.store, container) == uid);
    runs.then(|| format!("I2: lab {} is called stopped while it runs", commit.name))
}

/// I4: a finalizer of somebody else was taken away.
fn finalizers(commit: &Commit<'_>) -> Option<String> {
    let foreign = |lab: &Value| -> Vec<String> {
        let list = at(lab, "/metadata/finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
        let names = list.iter().filter_map(Value::as_str).filter(|name| !name.starts_with("nearside.dev/"));
        names.map(str::to_owned).collect()
    };
    let before = commit.before.as_deref().map(foreign).unwrap_or_default();
    let lost = before.iter().any(|name| !foreign(&commit.after).contains(name));
    lost.then(|| format!("I4: lab {} lost a finalizer of somebody else", commit.name))
}

/// I1: two containers serve one lab since a warm one was taken.
fn twice(world: &World) -> Option<String> {
    let mut sessions: Vec<String> = world
        .nodes
        .containers
        .values()
        .map(|container| session(&world.store, container))
        .filter(|lab| !lab.is_empty())
        .collect();
    sessions.sort();
    let double = sessions.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(format!("I1: the lab {} runs twice", double[0]))
}
