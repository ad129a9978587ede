//! What every single call of a controller must say, so that it meets the object that was decided about and no other, however late it
//! comes. Whether it does harm this time is a matter of luck, which a run need not wait for.

use crate::cluster::Actor;
use crate::server::{Call, Verb};
use crate::store::{PatchKind, at, text};

/// What is wrong with this call, whatever comes of it.
pub fn on_call(actor: Actor, call: &Call) -> Vec<String> {
    let Actor::Controller(_) = actor else { return Vec::new() };
    let (plural, name) = (&call.plural, &call.name);
    let said = |path: &str| !text(&call.body, path).is_empty();
    let mut found = Vec::new();
    match call.verb {
        Verb::Delete if !said("/preconditions/uid") => {
            found.push(format!("I4: a delete of {plural} {name} does not say which one"));
        }
        Verb::Delete if at(&call.body, "/gracePeriodSeconds").is_some_and(|grace| grace == 0) => {
            found.push(format!("I1: a delete of {plural} {name} does not wait for its end"));
        }
        Verb::Patch { kind: PatchKind::Merge, status: false } if !said("/metadata/resourceVersion") => {
            found.push(format!("I1: a change of {plural} {name} does not say what it was decided on"));
        }
        Verb::Patch { status: true, .. } if !said("/metadata/uid") => {
            found.push(format!("I7: a report about {plural} {name} does not say about which one"));
        }
        _ => {}
    }
    found
}
