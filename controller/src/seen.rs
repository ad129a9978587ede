//! What the watches have told so far. It may be old: good enough to decide that nothing is to be done, never to
//! create or delete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use api::resources::{Environment, Lab};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use kube::ResourceExt;

use crate::watch::Change;

/// All objects of one kind by name.
pub type Shelf<K> = BTreeMap<String, Arc<K>>;

/// Everything that was seen.
#[derive(Default)]
pub struct Seen {
    shelves: Mutex<Shelves>,
}

/// One shelf for each kind.
#[derive(Default)]
pub struct Shelves {
    /// Labs.
    pub labs: Shelf<Lab>,
    /// Pods of labs, by their own names, without their specs.
    pub pods: Shelf<Pod>,
    /// Environments.
    pub environments: Shelf<Environment>,
    /// When each watch was last heard of.
    pub heard: BTreeMap<&'static str, Duration>,
}

impl Seen {
    /// The shelves, locked. Never held across an await.
    pub fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().expect("nothing panics while it holds the shelves")
    }
}

/// Puts what a watch told onto a shelf, without the managers of fields: nobody here reads them, and a cluster has
/// thousands of objects. Gives the names that were touched.
pub fn keep<K: ResourceExt>(shelf: &mut Shelf<K>, change: Change<K>, slim: fn(K) -> K) -> Vec<String> {
    let slim = |object: K| {
        let mut object = slim(object);
        object.managed_fields_mut().clear();
        (object.name_any(), Arc::new(object))
    };
    match change {
        Change::All(objects) => {
            let now: Shelf<K> = objects.into_iter().map(slim).collect();
            let before = std::mem::replace(shelf, now);
            before.into_keys().chain(shelf.keys().cloned()).collect()
        }
        Change::Applied(object) => {
            let (name, object) = slim(object);
            shelf.insert(name.clone(), object);
            vec![name]
        }
        Change::Deleted(object) => {
            let name = object.name_any();
            shelf.remove(&name);
            vec![name]
        }
        Change::Alive => Vec::new(),
    }
}

/// A pod without its spec, of which only the node is read again.
pub fn slim_pod(mut pod: Pod) -> Pod {
    if let Some(spec) = &mut pod.spec {
        *spec = PodSpec { node_name: spec.node_name.take(), ..PodSpec::default() };
    }
    pod
}
