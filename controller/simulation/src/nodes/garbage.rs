//! The garbage collector: what is owned by something that is gone goes too, some time later.

use std::time::Duration;

use controller::clock::Clock as _;
use serde_json::Value;

use crate::cluster::{Actor, Cluster};
use crate::store::{Place, Store, at, text};

/// The longest that the collector takes to notice.
const DELAY: Duration = Duration::from_secs(12);

/// Deletes what has been without an owner for long enough. Nothing is to be found when nothing has changed since
/// `looked_at`, the version at the last look, and nothing waited then.
pub fn tick(cluster: &Cluster, looked_at: &mut u64) {
    let now = cluster.clock.now();
    let (due, kept) = {
        let mut world = cluster.world();
        let version = std::mem::replace(looked_at, world.store.version());
        if version == *looked_at && world.orphans.is_empty() {
            return;
        }
        let orphans = orphans(&world.store);
        let mut due = Vec::new();
        let mut kept = std::collections::BTreeMap::new();
        for (place, uid) in orphans {
            let since = world.orphans.get(&uid).copied().unwrap_or(now);
            // A different delay for each, without throwing dice for things that do not happen.
            let delay = DELAY.mul_f64(f64::from(uid.bytes().map(u32::from).sum::<u32>() % 10) / 10.0);
            if now - since >= delay {
                due.push((place, uid));
            } else {
                kept.insert(uid, since);
            }
        }
        world.orphans = std::collections::BTreeMap::new();
        (due, kept)
    };
    cluster.world().orphans = kept;
    for (place, uid) in due {
        let gone = cluster.commit(Actor::Cluster, "delete", (&place.0, &place.1), |store, now| {
            store.delete(&place, Some(&uid), None, now)
        });
        // It may have gone by itself meanwhile.
        drop(gone);
    }
}

/// Objects whose owners are all gone, with their UIDs, unless they are being deleted already.
pub fn orphans(store: &Store) -> Vec<(Place, String)> {
    let orphan = |object: &Value| {
        let owners = at(object, "/metadata/ownerReferences").and_then(Value::as_array);
        owners.is_some_and(|owners| {
            !owners.is_empty() && owners.iter().all(|owner| store.by_uid(text(owner, "/uid")).is_none())
        })
    };
    let found = store
        .everything()
        .filter(|(_, object)| orphan(object) && text(object, "/metadata/deletionTimestamp").is_empty());
    found.map(|(place, object)| (place.clone(), text(object, "/metadata/uid").to_owned())).collect()
}
