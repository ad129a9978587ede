//! The calls to the API server, each with its budget, its deadline and its preconditions. Nothing else here calls it,
//! the watches apart.
//!
//! Reads are live: they carry no resource version, so the server answers from its store and not from a cache.

use std::fmt::Debug;
use std::sync::Arc;

use api::resources::Lab;
use api::resources::names::MANAGER;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::budget::Budget;
use crate::clock::{Clock, within};
use crate::config::Config;
use crate::error::ClusterError;
use crate::metrics::Metrics;

/// The cluster, as far as the controller changes it: one namespace.
pub struct Cluster {
    client: Client,
    namespace: String,
    clock: Arc<dyn Clock>,
    budget: Budget,
    deadline: std::time::Duration,
    metrics: Arc<Metrics>,
}

/// An object of a namespace.
pub trait Namespaced:
    Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Serialize + Debug
{
}

impl<K> Namespaced for K where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Serialize
        + Debug
{
}

impl Cluster {
    /// The cluster behind `client`.
    pub fn new(client: Client, config: &Config, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        Self {
            client,
            namespace: config.namespace.clone(),
            clock,
            budget: Budget::new(config.limits.calls),
            deadline: config.limits.call,
            metrics,
        }
    }

    /// The objects of one kind.
    pub fn api<K: Namespaced>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Reads an object; nothing when there is none.
    pub async fn read<K: Namespaced>(&self, name: &str) -> Result<Option<K>, ClusterError> {
        self.call("read", K::kind(&()).as_ref(), name, self.api::<K>().get_opt(name)).await
    }

    /// Creates an object. One of the same name that exists already is [`ClusterError::Changed`].
    pub async fn create<K: Namespaced>(&self, object: &K) -> Result<K, ClusterError> {
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let api = self.api::<K>();
        self.call("create", K::kind(&()).as_ref(), &object.name_any(), api.create(&params, object)).await
    }

    /// Ends the pod of this name and this UID, and no other. One that is gone is no error.
    pub async fn end_pod(&self, name: &str, uid: &str) -> Result<(), ClusterError> {
        self.delete::<Pod>(name, uid).await
    }

    /// Deletes the object of this name and this UID, and no other. One that is gone is no error.
    pub async fn delete<K: Namespaced>(&self, name: &str, uid: &str) -> Result<(), ClusterError> {
        let only = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams::background().preconditions(only);
        let api = self.api::<K>();
        match self.call("delete", K::kind(&()).as_ref(), name, api.delete(name, &params)).await {
            Ok(_) | Err(ClusterError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes a Lab unless anybody changed it since it was read.
    pub async fn change_lab(&self, lab: &Lab, mut change: Value) -> Result<Lab, ClusterError> {
        change["metadata"]["resourceVersion"] = json!(lab.resource_version());
        let api = self.api::<Lab>();
        let name = lab.name_any();
        let patch = Patch::Merge(change);
        self.call("change", "Lab", &name, api.patch(&name, &PatchParams::default(), &patch)).await
    }

    /// Makes this object so, whether or not it exists: a server-side apply of the fields that it has.
    pub async fn apply<K: Namespaced>(&self, object: &K) -> Result<K, ClusterError> {
        let params = PatchParams::apply(MANAGER).force();
        let api = self.api::<K>();
        let name = object.name_any();
        self.call("apply", K::kind(&()).as_ref(), &name, api.patch(&name, &params, &Patch::Apply(object)))
            .await
    }

    /// Writes the status of `object`, unless another object has taken its name; with `unchanged`, unless anybody has
    /// changed it since it was read.
    pub async fn report<K: Namespaced>(
        &self,
        object: &K,
        status: impl Serialize,
        unchanged: bool,
    ) -> Result<(), ClusterError> {
        let name = object.name_any();
        let mut report = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {"name": name, "uid": object.uid()},
            "status": status,
        });
        if unchanged {
            report["metadata"]["resourceVersion"] = json!(object.resource_version());
        }
        let params = PatchParams::apply(MANAGER).force();
        let api = self.api::<K>();
        let patch = Patch::Apply(report);
        let patched = api.patch_status(&name, &params, &patch);
        self.call("report", K::kind(&()).as_ref(), &name, patched).await.map(drop)
    }

    async fn call<T>(
        &self,
        verb: &'static str,
        kind: &str,
        name: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ClusterError> {
        self.budget.take(&*self.clock).await;
        let what = format!("{verb} {kind} {name}");
        let outcome = match within(&*self.clock, self.deadline, call).await {
            Some(outcome) => outcome.map_err(|error| ClusterError::of(&what, error)),
            None => Err(ClusterError::Unclear { what, source: None }),
        };
        self.metrics.called(verb, outcome.as_ref().err().map_or("ok", ClusterError::label));
        outcome
    }
}
