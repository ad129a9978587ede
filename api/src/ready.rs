//! The ready file: what `nearside up --ready-file F` writes once everything answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::names::Username;

/// Where the platform answers and a token that is good as Bearer on all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Base URL of the gateway, without a trailing slash.
    pub gateway_url: String,
    /// Arrow Flight location: `grpc://host:port`, or `grpc+tls://host:port` with TLS.
    pub flight_url: String,
    /// Base URL of the VO services, without a trailing slash; TAP is at `/tap-server/tap` behind it. Absent where
    /// none are served.
    pub vo_url: Option<String>,
    /// The account that the token and the sign-in link belong to.
    pub user: Username,
    /// A signed token, good until [`crate::limits::READY_TOKEN_SECONDS`] have passed.
    pub token: String,
    /// The certificate authority to trust, with `--tls`.
    pub ca_file: Option<PathBuf>,
    /// The process to signal in order to stop the platform.
    pub pid: u32,
}
