//! A `Lab` resource on the wire: what the gateway reads of it, and what it writes.
//!
//! The whole type is in `api`, but behind a Kubernetes client that compiles the engine's dependencies anew. Read here is
//! what decides about a request; everything else of the resource is passed over.

use std::net::SocketAddr;

use api::names::Username;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::KubernetesSpawnerConfig;
use crate::spawner::LabOrder;

/// The API group and version.
pub const API_VERSION: &str = "nearside.dev/v1alpha1";

/// A lab as the cluster tells it.
#[derive(Clone, Debug, Deserialize)]
pub struct Lab {
    pub metadata: Metadata,
    pub spec: Spec,
    #[serde(default)]
    pub status: Status,
}

/// Name and versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub name: String,
    pub uid: String,
    #[serde(default)]
    pub generation: i64,
    pub deletion_timestamp: Option<String>,
}

/// What is declared.
#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    pub owner: Option<Owner>,
    pub running: bool,
}

/// A person and their account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct Owner {
    pub name: Username,
    pub account: String,
}

/// What the operator says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    pub observed_generation: i64,
    pub phase: Phase,
    pub message: String,
    pub address: Option<String>,
    pub pod_uid: Option<String>,
    pub secret_uid: Option<String>,
}

/// Where a lab is on its way, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Phase {
    Ready,
    Stopped,
    Failed,
    #[default]
    #[serde(other)]
    OnTheWay,
}

impl Lab {
    /// Whether it shall run.
    pub fn is_wanted(&self) -> bool {
        self.spec.running && self.metadata.deletion_timestamp.is_none()
    }

    /// Whether it runs or comes to run, as far as is known.
    pub fn is_alive(&self) -> bool {
        self.is_wanted() && self.status.phase != Phase::Failed
    }

    /// Whether the status is about the present declaration.
    pub fn is_reported(&self) -> bool {
        self.status.observed_generation >= self.metadata.generation
    }

    /// Whether nothing of it runs any more, as it was told.
    pub fn has_stopped(&self) -> bool {
        self.is_reported() && !self.spec.running && self.status.phase == Phase::Stopped
    }

    /// The lab whose secrets its pod knows: itself, or the warm one that it took.
    pub fn secret_uid(&self) -> &str {
        self.status.secret_uid.as_deref().unwrap_or(&self.metadata.uid)
    }

    /// Where requests go, and whether they reach the same pod.
    pub fn upstream(&self) -> Option<(SocketAddr, &str)> {
        let address = self.status.address.as_deref().filter(|_| self.status.phase == Phase::Ready)?;
        Some((address.parse().ok()?, self.status.pod_uid.as_deref()?))
    }
}

/// The lab of `order` as it is applied: named after the account, so that nobody else ever gets it.
pub fn declaration(account: &str, order: &LabOrder, config: &KubernetesSpawnerConfig) -> Value {
    let mut spec = json!({
        "owner": {"name": order.user, "account": account},
        "environment": config.environment,
        "size": config.size,
        "baseUrl": order.base_url,
        "idle": {"cullAfterSeconds": config.cull_after_seconds},
        "running": true,
        // A warm lab answers below an address of its own, and has nobody's name.
        "ownPod": true,
    });
    if let Some(home) = &config.home {
        spec["home"] = json!({"size": home.size});
        if let Some(class) = &home.storage_class {
            spec["home"]["storageClass"] = json!(class);
        }
    }
    json!({
        "apiVersion": API_VERSION,
        "kind": "Lab",
        "metadata": {"name": account, "labels": {"app.kubernetes.io/managed-by": MANAGER}},
        "spec": spec,
    })
}

/// The change that stops the lab with this UID, or any when it is empty.
pub fn stop(uid: &str) -> Value {
    let metadata = if uid.is_empty() { json!({}) } else { json!({"uid": uid}) };
    json!({"metadata": metadata, "spec": {"running": false}})
}

/// The field manager of what the gateway writes, and the label of labs that it declared.
pub const MANAGER: &str = "nearside-gateway";
