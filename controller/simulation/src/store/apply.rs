//! The two ways of patching, as far as the controller uses them: lists are replaced whole.

use serde_json::Value;

/// RFC 7396.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (key, value) in patch {
        if value.is_null() {
            if let Some(target) = target.as_object_mut() {
                target.remove(key);
            }
        } else {
            merge(&mut target[key], value);
        }
    }
}

/// Server-side apply by one manager: fields of `new` are set, fields that were in `last` and are not in `new` go.
pub fn apply(target: &mut Value, last: &Value, new: &Value) {
    let Value::Object(fields) = new else {
        *target = new.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let dropped = last.as_object().into_iter().flatten().filter(|(key, _)| !fields.contains_key(*key));
    for (key, _) in dropped {
        if let Some(target) = target.as_object_mut() {
            target.remove(key);
        }
    }
    for (key, value) in fields {
        apply(&mut target[key], &last[key], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_apply_takes_back_what_it_no_longer_says_and_nothing_else() {
        let mut object = json!({"status": {"a": 1, "b": {"c": 2, "d": 3}}, "spec": {"x": 1}});
        let last = json!({"status": {"a": 1, "b": {"c": 2}}});
        apply(&mut object, &last, &json!({"status": {"b": {"c": 5}}}));
        assert_eq!(object, json!({"status": {"b": {"c": 5, "d": 3}}, "spec": {"x": 1}}));
    }
}
