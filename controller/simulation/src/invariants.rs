//! What must hold, whatever fails. Numbered as in the project's reliability matrix.
//!
//! | | always | once faults have stopped |
//! |-|-|-|
//! | I1 | one person's lab runs at most once | |
//! | I2 | | every lab is as its owner asked, and its status says so |
//! | I3 | | nothing is left of what is gone |
//! | I4 | no home is deleted, none is mounted for another account, no stranger's object is touched | |
//! | I6 | a lab that runs and should run is not ended | |
//! | I7 | the address in a status is that of this lab's own pod | |
//!
//! `call.rs` demands of each call what the rest of this rests on, `commit.rs` looks after every change, `settled.rs` at the end.
//!
//! I5 (uploads) and I8 (streams) are about the data services. Of I8 the controller has one case, a list cut short, which
//! shows as I2.

mod call;
mod commit;
mod settled;

use std::sync::Arc;

use serde_json::Value;

use crate::cluster::World;
use crate::nodes::Container;
use crate::store::{Store, text};

pub use call::on_call;
pub use commit::on_commit;
pub use settled::on_settled;

/// What a container that is about to start would break.
pub fn on_start(world: &World, pod_uid: &str, container: &Container) -> Vec<String> {
    let mut found = Vec::new();
    let session = session(&world.store, container);
    for (other_uid, other) in &world.nodes.containers {
        let same = !session.is_empty() && session == self::session(&world.store, other);
        if other_uid != pod_uid && same {
            found.push(format!("I1: the lab {session} runs in {} and in {}", other.pod, container.pod));
        }
    }
    let account =
        world.store.get("labs", &container.lab_name).map(|lab| text(lab, "/spec/owner/account").to_owned());
    if let (Some(home), Some(account)) = (&container.home, account)
        && let Some(volume) = world.store.get("persistentvolumeclaims", home)
    {
        let belongs_to =
            volume["metadata"]["annotations"]["nearside.dev/account"].as_str().unwrap_or_default();
        let made_for = volume["metadata"]["annotations"]["simulation/account"].as_str();
        if account != belongs_to || made_for.is_some_and(|made_for| made_for != account) {
            found.push(format!("I4: the home {home} of {belongs_to} is mounted for {account}"));
        }
    }
    found
}

/// The UID of the lab that a container serves: the one it was made for, or the one that took it while warm.
fn session(store: &Store, container: &Container) -> String {
    let lab = lab_by_uid(store, &container.lab);
    let claim = lab.map(|lab| text(lab, "/spec/claim/uid").to_owned()).filter(|uid| !uid.is_empty());
    claim.unwrap_or_else(|| container.lab.clone())
}

fn lab_by_uid<'a>(store: &'a Store, uid: &str) -> Option<&'a Arc<Value>> {
    store.by_uid(uid).filter(|object| object["kind"] == "Lab")
}

fn owner_uid(object: &Value) -> &str {
    text(object, "/metadata/ownerReferences/0/uid")
}

/// Whether a lab asks to be running, as it stands in the store.
pub fn wants_to_run(lab: &Value) -> bool {
    lab["spec"]["running"] != false && text(lab, "/metadata/deletionTimestamp").is_empty()
}
