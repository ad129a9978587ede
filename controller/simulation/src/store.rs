//! The objects of the simulated cluster, with resource versions, a history for watches, and the rules of the real API
//! server that safety rests on: UIDs, preconditions, finalizers, graceful deletion, owner references.

mod apply;
mod rules;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Plural and name.
pub type Place = (String, String);

/// What the API server says instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// Kubernetes' word for it.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
    /// Seconds to wait, with 429.
    pub retry_after_seconds: Option<u32>,
}

impl Refusal {
    /// A refusal that says nothing about waiting.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), retry_after_seconds: None }
    }

    fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "Conflict", message)
    }
}

/// One entry of the history.
#[derive(Clone, Debug)]
pub struct Event {
    /// The version that the change made.
    pub version: u64,
    /// `ADDED`, `MODIFIED`, `DELETED`.
    pub type_: &'static str,
    /// The kind of object.
    pub plural: String,
    /// The object afterwards, or as it was last.
    pub object: Arc<Value>,
    /// The same as JSON, once somebody asked for it. Two replicas do, and several times.
    json: OnceLock<Bytes>,
}

impl Event {
    /// The object as JSON.
    pub fn json(&self) -> Bytes {
        self.json.get_or_init(|| Bytes::from(self.object.to_string())).clone()
    }
}

/// How a patch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 7396.
    Merge,
    /// Server-side apply, by our one field manager.
    Apply,
}

/// A patch of one object.
pub struct Patch<'a> {
    /// Merge or apply.
    pub kind: PatchKind,
    /// Whether it is the status that is patched.
    pub status: bool,
    /// The patch.
    pub body: &'a Value,
}

/// All objects and their history.
#[derive(Default)]
pub struct Store {
    objects: BTreeMap<Place, Arc<Value>>,
    applied: BTreeMap<(Place, bool), Value>,
    history: Vec<Event>,
    version: u64,
    uids: u64,
    /// Where the object with a UID is.
    places: BTreeMap<String, Place>,
    /// The lab that a pod was made for, by the UID of the pod, gone or not.
    pod_owners: BTreeMap<String, String>,
    /// Versions before this one are forgotten: a watch from there is told 410.
    pub forgotten: u64,
    /// Pods that the quota allows; no quota when absent.
    pub pod_quota: Option<usize>,
}

impl Store {
    /// The newest version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The object, if there is one.
    pub fn get(&self, plural: &str, name: &str) -> Option<&Arc<Value>> {
        self.objects.get(&(plural.to_owned(), name.to_owned()))
    }

    /// All objects of a kind.
    pub fn all<'a>(&'a self, plural: &'a str) -> impl Iterator<Item = &'a Arc<Value>> + 'a {
        self.objects
            .range((plural.to_owned(), String::new())..)
            .map_while(move |((kind, _), object)| (kind == plural).then_some(object))
    }

    /// Everything there is.
    pub fn everything(&self) -> impl Iterator<Item = (&Place, &Arc<Value>)> {
        self.objects.iter()
    }

    /// What a reader with an old view would see: the object as it was at `version`.
    pub fn get_at(&self, plural: &str, name: &str, version: u64) -> Option<Arc<Value>> {
        let named = |event: &&Event| event.plural == plural && text(&event.object, "/metadata/name") == name;
        let last = self.history.iter().rev().filter(named).find(|event| event.version <= version)?;
        (last.type_ != "DELETED").then(|| last.object.clone())
    }

    /// An object as JSON, which was written before if it is one that is or was stored.
    pub fn json(&self, object: &Arc<Value>) -> Bytes {
        let version = text(object, "/metadata/resourceVersion").parse().unwrap_or(0_u64);
        let stored = self.history.binary_search_by_key(&version, |event| event.version);
        match stored.map(|index| &self.history[index]) {
            Ok(event) if Arc::ptr_eq(&event.object, object) => event.json(),
            _ => Bytes::from(object.to_string()),
        }
    }

    /// What happened to a kind after `version`, oldest first.
    pub fn after(&self, plural: &str, version: u64) -> Option<&Event> {
        let from = self.history.partition_point(|event| event.version <= version);
        self.history[from..].iter().find(|event| event.plural == plural)
    }

    /// Creates an object.
    pub fn create(&mut self, plural: &str, mut object: Value, now: Timestamp) -> Result<Arc<Value>, Refusal> {
        let name = text(&object, "/metadata/name").to_owned();
        let place = (plural.to_owned(), name.clone());
        if self.objects.contains_key(&place) {
            return Err(Refusal::new(409, "AlreadyExists", format!("{plural} {name:?} already exists")));
        }
        if plural == "pods" && self.pod_quota.is_some_and(|quota| self.all("pods").count() >= quota) {
            return Err(Refusal::new(
                403,
                "Forbidden",
                format!("pods {name:?} is forbidden: exceeded quota: labs"),
            ));
        }
        self.uids += 1;
        object["metadata"]["uid"] = json!(format!("{:08x}-0000-4000-8000-000000000000", self.uids));
        object["metadata"]["creationTimestamp"] = json!(now.to_string());
        object["metadata"]["generation"] = json!(1);
        object["metadata"]["namespace"] = json!("labs");
        let uid = text(&object, "/metadata/uid").to_owned();
        if plural == "pods" {
            let owner = text(&object, "/metadata/ownerReferences/0/uid");
            self.pod_owners.insert(uid.clone(), owner.to_owned());
        }
        self.places.insert(uid, place.clone());
        rules::drop_nulls(&mut object);
        Ok(self.commit(place, "ADDED", object))
    }

    /// Patches an object, or creates it when an apply meets none.
    pub fn patch(&mut self, place: &Place, patch: &Patch<'_>, now: Timestamp) -> Result<Arc<Value>, Refusal> {
        let Some(before) = self.objects.get(place).cloned() else {
            return self.patch_nothing(place, patch, now);
        };
        rules::preconditions(&before, patch.body)?;
        let mut after = Value::clone(&before);
        let key = (place.clone(), patch.status);
        let last = match patch.kind {
            PatchKind::Merge => None,
            PatchKind::Apply => Some(self.applied.insert(key, patch.body.clone()).unwrap_or_default()),
        };
        let (target, last, body) = if patch.status {
            let last = last.map(|mut last| last["status"].take());
            (&mut after["status"], last, &patch.body["status"])
        } else {
            (&mut after, last, patch.body)
        };
        match last {
            None => apply::merge(target, body),
            Some(last) => apply::apply(target, &last, body),
        }
        if !patch.status {
            after["status"] = before["status"].clone();
        }
        self.update(place, &before, after)
    }

    fn patch_nothing(
        &mut self,
        place: &Place,
        patch: &Patch<'_>,
        now: Timestamp,
    ) -> Result<Arc<Value>, Refusal> {
        let missing = || Refusal::new(404, "NotFound", format!("{} {:?} not found", place.0, place.1));
        if patch.kind == PatchKind::Merge || patch.status {
            return Err(missing());
        }
        if at(patch.body, "/metadata/uid").is_some() {
            return Err(Refusal::conflict("uid mismatch: no existing object was found"));
        }
        self.applied.insert((place.clone(), false), patch.body.clone());
        self.create(&place.0, patch.body.clone(), now)
    }

    /// Puts `after` in the place of `before`, by the rules of an update.
    pub fn update(&mut self, place: &Place, before: &Value, mut after: Value) -> Result<Arc<Value>, Refusal> {
        for field in ["uid", "creationTimestamp", "resourceVersion", "generation", "deletionTimestamp"] {
            after["metadata"][field] = before["metadata"][field].clone();
        }
        rules::transition(&place.0, before, &after)?;
        if after["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"].as_u64().unwrap_or(1);
            after["metadata"]["generation"] = json!(generation + 1);
        }
        // What is stored has no nulls.
        rules::drop_nulls(&mut after);
        if after == *before {
            return Ok(Arc::new(after));
        }
        if rules::may_go(&place.0, &after) {
            return Ok(self.remove(place, after));
        }
        Ok(self.commit(place.clone(), "MODIFIED", after))
    }

    /// Deletes an object, or marks it when somebody must act first. Idempotent.
    pub fn delete(
        &mut self,
        place: &Place,
        uid: Option<&str>,
        grace_seconds: Option<i64>,
        now: Timestamp,
    ) -> Result<Arc<Value>, Refusal> {
        let Some(before) = self.objects.get(place).cloned() else {
            return Err(Refusal::new(404, "NotFound", format!("{} {:?} not found", place.0, place.1)));
        };
        if uid.is_some_and(|uid| uid != text(&before, "/metadata/uid")) {
            return Err(Refusal::conflict("the UID in the precondition does not match"));
        }
        let mut after = Value::clone(&before);
        let grace = rules::grace(&place.0, &before, grace_seconds);
        if at(&before, "/metadata/deletionTimestamp").is_none_or(Value::is_null) {
            let end = now + jiff::SignedDuration::from_secs(grace);
            after["metadata"]["deletionTimestamp"] = json!(end.to_string());
        }
        if grace == 0 && !rules::has_finalizers(&before) {
            return Ok(self.remove(place, after));
        }
        if after == *before {
            return Ok(before);
        }
        Ok(self.commit(place.clone(), "MODIFIED", after))
    }

    /// The UID of the lab that the pod with this UID was made for, whether or not the pod is still there.
    pub fn pod_owner(&self, pod_uid: &str) -> Option<&String> {
        self.pod_owners.get(pod_uid)
    }

    /// The object with this UID.
    pub fn by_uid(&self, uid: &str) -> Option<&Arc<Value>> {
        self.objects.get(self.places.get(uid)?)
    }

    /// What a kubelet does once a container is certainly gone: the pod has no more grace.
    pub fn remove_pod(&mut self, name: &str) {
        let place = ("pods".to_owned(), name.to_owned());
        if let Some(pod) = self.objects.get(&place).cloned() {
            self.remove(&place, Value::clone(&pod));
        }
    }

    fn remove(&mut self, place: &Place, object: Value) -> Arc<Value> {
        self.objects.remove(place);
        self.places.remove(text(&object, "/metadata/uid"));
        self.applied.retain(|(other, _), _| other != place);
        self.record(place, "DELETED", object)
    }

    fn commit(&mut self, place: Place, type_: &'static str, object: Value) -> Arc<Value> {
        let object = self.record(&place, type_, object);
        self.objects.insert(place, object.clone());
        object
    }

    fn record(&mut self, place: &Place, type_: &'static str, mut object: Value) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(object);
        self.history.push(Event {
            version: self.version,
            type_,
            plural: place.0.clone(),
            object: object.clone(),
            json: OnceLock::new(),
        });
        object
    }
}

/// The value at a path like `/metadata/name`. Like a JSON pointer without escapes, which cost half of a run.
pub fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').skip(1).try_fold(object, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        value => value.get(key),
    })
}

/// The text at a path, or nothing.
pub fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}
