//! What can go wrong between the controller and the API server, sorted by what to do about it.

use std::time::Duration;

use kube::core::Status;
use thiserror::Error;

/// The answer to one call, when it is no success.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// 409: somebody else wrote first, or the object is not the one that was meant. Read again and decide again.
    #[error("{what} changed meanwhile: it is read again")]
    Changed {
        /// The call.
        what: String,
    },
    /// 404 on a write: the object is gone. Read again and decide again.
    #[error("{what}: the object is gone")]
    Gone {
        /// The call.
        what: String,
    },
    /// 400, 403, 422: this will not work until a person, or the passing of time, changes something.
    #[error("the cluster refused to {what}: {reason}")]
    Refused {
        /// The call.
        what: String,
        /// The API server's words.
        reason: String,
    },
    /// 429: too many calls.
    #[error("the API server asks to wait before it can {what}")]
    Busy {
        /// The call.
        what: String,
        /// How long, if it says.
        wait: Option<Duration>,
    },
    /// Anything else, silence included: the call may or may not have had its effect.
    #[error("no clear answer to: {what}")]
    Unclear {
        /// The call.
        what: String,
        /// What came instead; nothing came at all when absent.
        source: Option<kube::Error>,
    },
}

impl ClusterError {
    /// Sorts the error of a call.
    pub fn of(what: &str, error: kube::Error) -> Self {
        let what = what.to_owned();
        match error {
            kube::Error::Api(status) => match status.code {
                404 => Self::Gone { what },
                409 => Self::Changed { what },
                429 => Self::Busy { what, wait: retry_after(&status) },
                400 | 403 | 422 => Self::Refused { what, reason: status.message },
                _ => Self::Unclear { what, source: Some(kube::Error::Api(status)) },
            },
            error => Self::Unclear { what, source: Some(error) },
        }
    }

    /// 410: the server no longer knows the version from which something was asked.
    pub fn is_forgotten(&self) -> bool {
        matches!(self, Self::Unclear { source: Some(kube::Error::Api(status)), .. } if status.code == 410)
    }

    /// One word for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "changed",
            Self::Gone { .. } => "gone",
            Self::Refused { .. } => "refused",
            Self::Busy { .. } => "busy",
            Self::Unclear { .. } => "unclear",
        }
    }
}

fn retry_after(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}
