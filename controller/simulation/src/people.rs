//! What people, gateways and operators do to labs, at any moment and in any order.

use std::sync::Arc;
use std::time::Duration;

use controller::clock::Clock as _;
use serde_json::{Value, json};

use crate::cluster::{Actor, Cluster};
use crate::store::{at, text};

/// People in one run.
pub const PEOPLE: u64 = 20;

/// Warm labs that are kept ready.
const WARM: usize = 3;

/// The environments and the objects of strangers that are there from the beginning.
pub fn prepare(cluster: &Cluster) {
    let environment = json!({
        "apiVersion": "nearside.dev/v1alpha1", "kind": "Environment", "metadata": {"name": "science"},
        "spec": {"displayName": "Science", "image": "lab@sha256:aa", "defaultSize": "small",
                 "sizes": [{"name": "small", "cpu": "1", "memory": "1Gi"}]},
    });
    create(cluster, "environments", environment);
    // A volume that was restored under the wrong name, and a pod that somebody made by hand.
    create(
        cluster,
        "persistentvolumeclaims",
        json!({
            "metadata": {"name": "home-acc-3", "annotations": {"nearside.dev/account": "acc-99", "simulation/account": "acc-99"}},
        }),
    );
    create(cluster, "pods", json!({"metadata": {"name": "lab-user-4"}, "spec": {"containers": []}}));
}

/// One person: comes, works, stops, starts, leaves, comes back, for `time`.
pub async fn person(cluster: Cluster, number: u64, time: Duration) {
    let dice = cluster.dice.clone();
    let name = format!("user-{number}");
    // The name is given to somebody else now and then; the account never is.
    let mut account = format!("acc-{number}");
    let mut accounts = 0;
    cluster.clock.sleep(dice.millis(0..60_000)).await;
    while cluster.clock.now() < time {
        let there = cluster.world().store.get("labs", &name).cloned();
        match there {
            None => {
                if dice.happens(0.2) {
                    accounts += 1;
                    account = format!("acc-{number}-{accounts}");
                }
                create(&cluster, "labs", lab(&cluster, &name, &account));
            }
            Some(lab) => act(&cluster, &name, &lab),
        }
        cluster.clock.sleep(dice.millis(1_000..900_000)).await;
    }
}

fn lab(cluster: &Cluster, name: &str, account: &str) -> Value {
    let dice = &cluster.dice;
    let environment = if dice.happens(0.05) { "missing" } else { "science" };
    let mut lab = json!({
        "apiVersion": "nearside.dev/v1alpha1", "kind": "Lab", "metadata": {"name": name},
        "spec": {"owner": {"name": name, "account": account}, "environment": environment, "size": "small",
                 "baseUrl": format!("/user/{name}/"), "running": true},
    });
    if dice.happens(0.5) {
        lab["spec"]["home"] = json!({"size": "1Gi"});
    }
    if dice.happens(0.5) {
        lab["spec"]["idle"] = json!({"cullAfterSeconds": 120});
    }
    if dice.happens(0.2) {
        lab["spec"]["network"] = json!({"allow": [{"cidr": "192.0.2.0/24", "port": 443}]});
    }
    if dice.happens(0.2) {
        lab["metadata"]["finalizers"] = json!(["backup.example.org/keep"]);
    }
    lab
}

fn act(cluster: &Cluster, name: &str, lab: &Value) {
    match cluster.dice.number(0..12) {
        0..4 => edit(cluster, name, |lab| lab["spec"]["running"] = json!(false)),
        4..8 => edit(cluster, name, |lab| lab["spec"]["running"] = json!(true)),
        8..10 => delete(cluster, "labs", name),
        // Somebody takes finalizers away by hand, all of them, from a lab that will not go.
        10 if !text(lab, "/metadata/deletionTimestamp").is_empty() => {
            edit(cluster, name, |lab| lab["metadata"]["finalizers"] = Value::Null);
        }
        // A drain.
        11 => delete(cluster, "pods", &format!("lab-{name}")),
        _ => edit(cluster, name, |lab| lab["metadata"]["annotations"]["note"] = json!("seen")),
    }
    // Whoever held a deleted lab back has done what it wanted.
    if !text(lab, "/metadata/deletionTimestamp").is_empty() {
        edit(cluster, name, |lab| {
            let finalizers = lab["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            let kept = finalizers.into_iter().filter(|name| name != "backup.example.org/keep");
            lab["metadata"]["finalizers"] = kept.collect();
        });
    }
}

/// An operator who keeps warm labs, for `time`.
pub async fn warmer(cluster: Cluster, time: Duration) {
    let mut count = 0;
    while cluster.clock.now() < time {
        let free = cluster.world().store.all("labs").filter(|lab| is_free(lab)).count();
        if free < WARM {
            count += 1;
            let name = format!("science-warm-{count}");
            create(
                &cluster,
                "labs",
                json!({
                    "apiVersion": "nearside.dev/v1alpha1", "kind": "Lab", "metadata": {"name": name},
                    "spec": {"environment": "science", "size": "small", "baseUrl": format!("/lab/{name}/"), "running": true},
                }),
            );
        }
        cluster.clock.sleep(cluster.dice.millis(1_000..20_000)).await;
    }
}

fn is_free(lab: &Value) -> bool {
    at(lab, "/spec/owner").is_none() && at(lab, "/spec/claim").is_none()
}

/// Nodes vanish and come back, the API server goes away, old versions are forgotten: for `time`.
pub async fn weather(cluster: Cluster, time: Duration) {
    while cluster.clock.now() < time {
        cluster.clock.sleep(cluster.dice.millis(20_000..240_000)).await;
        cluster.world().tally.faults += 1;
        match cluster.dice.number(0..4) {
            0 => node_outage(&cluster).await,
            1 => {
                cluster.world().faults.outage = true;
                cluster.changed.notify_waiters();
                cluster.clock.sleep(cluster.dice.millis(1_000..90_000)).await;
                cluster.world().faults.outage = false;
            }
            2 => {
                let mut world = cluster.world();
                let pods = world.store.all("pods").count();
                world.store.pod_quota = if world.store.pod_quota.is_some() { None } else { Some(pods + 1) };
            }
            _ => {
                let mut world = cluster.world();
                world.store.forgotten = world.store.version();
            }
        }
    }
}

async fn node_outage(cluster: &Cluster) {
    let node = cluster.dice.number(0..3) as usize;
    cluster.world().nodes.nodes[node].down_since = Some(cluster.clock.now());
    cluster.clock.sleep(cluster.dice.millis(5_000..400_000)).await;
    cluster.world().nodes.nodes[node].down_since = None;
}

fn create(cluster: &Cluster, plural: &str, object: Value) {
    let name = text(&object, "/metadata/name").to_owned();
    let created = cluster
        .commit(Actor::Person, "create", (plural, &name), |store, now| store.create(plural, object, now));
    // Somebody else may have been faster.
    drop(created);
}

fn delete(cluster: &Cluster, plural: &str, name: &str) {
    let place = (plural.to_owned(), name.to_owned());
    let deleted = cluster
        .commit(Actor::Person, "delete", (plural, name), |store, now| store.delete(&place, None, None, now));
    drop(deleted);
}

fn edit(cluster: &Cluster, name: &str, edit: impl FnOnce(&mut Value)) {
    let place = ("labs".to_owned(), name.to_owned());
    let edited = cluster.commit(Actor::Person, "patch", ("labs", name), |store, _| {
        let Some(before) = store.get("labs", name).cloned() else { return Ok(Arc::new(Value::Null)) };
        let mut after = Value::clone(&before);
        edit(&mut after);
        store.update(&place, &before, after)
    });
    drop(edited);
}
