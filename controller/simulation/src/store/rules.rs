//! The rules of the real API server, and of our schemas, that safety rests on.

use serde_json::Value;

use super::{Refusal, at, text};

/// A patch that names a UID or a version is meant for that one only.
pub fn preconditions(before: &Value, patch: &Value) -> Result<(), Refusal> {
    for field in ["/metadata/uid", "/metadata/resourceVersion"] {
        let wanted = text(patch, field);
        if !wanted.is_empty() && wanted != text(before, field) {
            return Err(Refusal::conflict(format!("{field} is {:?}, not {wanted:?}", text(before, field))));
        }
    }
    Ok(())
}

/// The transition rules of the schema of Lab.
pub fn transition(plural: &str, before: &Value, after: &Value) -> Result<(), Refusal> {
    for field in ["owner", "claim"] {
        let old = &before["spec"][field];
        if plural == "labs" && !old.is_null() && *old != after["spec"][field] {
            return Err(Refusal::new(422, "Invalid", format!("spec.{field} is set once")));
        }
    }
    Ok(())
}

/// The seconds between a delete and the end.
pub fn grace(plural: &str, object: &Value, asked: Option<i64>) -> i64 {
    let running = !text(object, "/spec/nodeName").is_empty();
    let own = at(object, "/spec/terminationGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(30);
    if plural == "pods" && running { asked.unwrap_or(own) } else { 0 }
}

/// Whether somebody must let the object go first.
pub fn has_finalizers(object: &Value) -> bool {
    at(object, "/metadata/finalizers").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

/// Whether an object that was marked as deleted may go now. A pod goes when its kubelet says so.
pub fn may_go(plural: &str, object: &Value) -> bool {
    let marked = !text(object, "/metadata/deletionTimestamp").is_empty();
    marked && !has_finalizers(object) && plural != "pods"
}

/// A null is the same as nothing.
pub fn drop_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}
