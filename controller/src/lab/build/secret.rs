//! What the agent of a lab is told, as the file that it reads.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use api::lab::LabConfig;
use api::names::Username;
use api::resources::names;
use hmac::{Hmac, KeyInit as _, Mac as _};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use sha2::Sha256;

use crate::config::LabKey;
use crate::lab::pod::AGENT_PORT;

use super::Blueprint;

/// Where things are inside a lab.
pub(super) mod path {
    pub const HOME: &str = "/home/lab";
    pub const NEARSIDE: &str = "/nearside";
    pub const AGENT: &str = "/nearside/lab-agent";
    pub const RUN: &str = "/nearside/run";
    pub const CONFIG: &str = "/etc/nearside";
    pub const CONFIG_FILE: &str = "/etc/nearside/lab.json";
}

/// A secret of the lab with this UID: HMAC-SHA-256 (RFC 2104) of purpose and UID under the installation's key. The
/// gateway computes the same, so nobody needs the right to read secrets from the cluster.
pub fn derived_secret(key: &LabKey, purpose: &str, uid: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(b":");
    mac.update(uid.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

impl Blueprint<'_> {
    /// The secret with `lab.json`.
    pub fn secret(&self) -> Secret {
        let config =
            serde_json::to_vec(&self.config()).expect("a lab's configuration is plain text and numbers");
        Secret {
            metadata: self.metadata(names::secret(&self.lab.name_any(), &self.uid())),
            immutable: Some(true),
            data: Some(BTreeMap::from([("lab.json".to_owned(), ByteString(config))])),
            ..Secret::default()
        }
    }

    fn config(&self) -> LabConfig {
        let uid = self.uid();
        LabConfig {
            user: self.user(),
            base_url: self.lab.spec.base_url.clone(),
            home: path::HOME.into(),
            run_dir: path::RUN.into(),
            python: self.environment.spec.python.clone().into(),
            listen: SocketAddr::from(([0, 0, 0, 0], AGENT_PORT)),
            ready_file: format!("{}/ready.json", path::NEARSIDE).into(),
            agent_secret: derived_secret(&self.pods.lab_key, "agent", &uid),
            lab_secret: derived_secret(&self.pods.lab_key, "lab", &uid),
            token_url: self.pods.token_url.clone(),
            flight_url: self.pods.flight_url.clone(),
            ca_file: None,
            kernel_idle_seconds: 0,
            gateway_absence_seconds: None,
        }
    }

    /// The owner; a warm lab has nobody's name until somebody takes it.
    fn user(&self) -> Username {
        let name = self.lab.spec.owner.as_ref().map_or("nobody", |owner| &owner.name);
        name.parse().unwrap_or_else(|_| "nobody".parse().expect("nobody is a user name"))
    }
}
