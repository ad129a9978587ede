//! What a spawner hands to a lab-agent, and what the agent answers.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::names::Username;

/// Everything a lab-agent needs to know, as one JSON file of mode 0600 (`lab-agent --config FILE`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabConfig {
    /// Whose lab this is.
    pub user: Username,
    /// The path under which the browser sees the lab, with slashes at both ends: `/user/maria/`.
    pub base_url: String,
    /// The user's files; the working directory of JupyterLab and of kernels. Exists.
    pub home: PathBuf,
    /// A private directory (0700) for sockets, connection files and the data token. Exists, and is empty.
    pub run_dir: PathBuf,
    /// The Python interpreter that has JupyterLab and ipykernel.
    pub python: PathBuf,
    /// Where the agent listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Written by the agent as [`LabReady`] once it answers.
    pub ready_file: PathBuf,
    /// The gateway sends this as Bearer on every request to the agent.
    pub agent_secret: String,
    /// The agent sends this as Bearer to the gateway for fresh data tokens.
    pub lab_secret: String,
    /// `POST` here with the lab secret: answers [`DataToken`].
    pub token_url: String,
    /// Arrow Flight location for kernels, as in [`crate::ready::Ready`].
    pub flight_url: String,
    /// The certificate authority that kernels and the agent trust, with TLS.
    pub ca_file: Option<PathBuf>,
    /// A kernel without work and without messages for this long is shut down; 0 keeps kernels for ever.
    pub kernel_idle_seconds: u64,
    /// When the gateway is gone, the lab waits so long for another that takes [`Self::leash`]. Without this it ends
    /// together with whoever started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_absence_seconds: Option<u64>,
}

impl LabConfig {
    /// The Unix socket at which a gateway takes the lab over: the lab lives as long as the connection, and the
    /// connection as long as the lab.
    pub fn leash(&self) -> PathBuf {
        self.run_dir.join("leash.sock")
    }
}

/// The agent answers from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabReady {
    /// Where the agent listens.
    pub addr: SocketAddr,
    /// The agent's process.
    pub pid: u32,
}

/// The gateway's answer to an agent that asks for a data token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataToken {
    /// A signed token for the data services, and for nothing else.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in_seconds: i64,
}

/// What the agent tells the gateway's culler at `GET {base_url}api/nearside/activity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Seconds since a kernel worked or a person did something; an open tab alone is no activity.
    pub idle_seconds: u64,
    /// Kernels that are running.
    pub kernels: usize,
}
