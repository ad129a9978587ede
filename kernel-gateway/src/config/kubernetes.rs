//! Settings of the `kubernetes` spawner.

use std::path::PathBuf;

use http::Uri;

use crate::spawner::LabKey;

/// Which cluster, and what a lab there is made of.
#[derive(Clone, Debug)]
pub struct KubernetesSpawnerConfig {
    /// How the cluster is reached.
    pub api: ApiServerConfig,
    /// The namespace of labs.
    pub namespace: String,
    /// Shared with the operator; the secrets of labs are derived from it.
    pub lab_key: LabKey,
    /// The Environment that labs run.
    pub environment: String,
    /// One of its sizes.
    pub size: String,
    /// A volume for each account; without one, files live as long as the pod.
    pub home: Option<HomeConfig>,
    /// Seconds without work after which the operator stops a lab; 0 never does.
    pub cull_after_seconds: u32,
}

/// A volume for an account's files.
#[derive(Clone, Debug)]
pub struct HomeConfig {
    /// How large, as Kubernetes writes it: `10Gi`.
    pub size: String,
    /// From which StorageClass; the cluster's default when absent.
    pub storage_class: Option<String>,
}

/// The API server and our account there.
#[derive(Clone, Debug)]
pub struct ApiServerConfig {
    /// Its address.
    pub url: Uri,
    /// The certificate authority of the cluster, PEM; needed for `https`.
    pub ca_file: Option<PathBuf>,
    /// A file with the token of our service account.
    pub token_file: Option<PathBuf>,
}

/// Where a pod finds the credentials of its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl ApiServerConfig {
    /// The cluster that we run in, as every pod is told it; none outside of one.
    pub fn from_env() -> Option<Self> {
        let host = std::env::var("KUBERNETES_SERVICE_HOST").ok()?;
        let port = std::env::var("KUBERNETES_SERVICE_PORT").ok()?;
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        Some(Self {
            url: format!("https://{host}:{port}").parse().ok()?,
            ca_file: Some(format!("{ACCOUNT}/ca.crt").into()),
            token_file: Some(format!("{ACCOUNT}/token").into()),
        })
    }
}
