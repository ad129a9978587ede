//! What can go wrong between the gateway and the API server, in words for the person who waits for a lab.

use std::path::PathBuf;

use http::StatusCode;
use serde::Deserialize;
use thiserror::Error;

/// A call that did not succeed.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The address is none.
    #[error("the address {0} of the API server cannot be used: give one as in https://192.0.2.1:6443")]
    Address(String),
    /// A file with credentials cannot be read.
    #[error("failed to read {path}: it comes with the service account of the gateway")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No connection, or no answer in time.
    #[error("the cluster does not answer: labs that run are not affected; try again in a minute")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no such object.
    #[error("the lab is gone")]
    Gone,
    /// The server no longer knows the version from which something was asked.
    #[error("the cluster has forgotten what it told before")]
    Forgotten,
    /// Somebody else's object, or too much at once.
    #[error("the cluster is busy ({reason}): try again in a minute")]
    Busy {
        /// Its words.
        reason: String,
    },
    /// It will not work until somebody changes something.
    #[error("the cluster refuses the lab: {reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// What came is not what was asked for.
    #[error("the {0} cannot be read: an operator must look at it")]
    Malformed(&'static str),
}

/// What the API server says when it says no.
#[derive(Deserialize)]
struct Said {
    message: String,
}

impl ClusterError {
    /// No answer, and why.
    pub fn unreachable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreachable(cause.into())
    }

    /// An answer that is a refusal.
    pub fn refused(status: StatusCode, body: &[u8]) -> Self {
        let said = serde_json::from_slice::<Said>(body).map(|said| said.message);
        let reason = said.unwrap_or_else(|_| status.to_string());
        match status {
            StatusCode::NOT_FOUND => Self::Gone,
            StatusCode::GONE => Self::Forgotten,
            StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Self::Busy { reason },
            status if status.is_server_error() => Self::Busy { reason },
            _ => Self::Refused { reason },
        }
    }
}
