//! Everything that can go wrong with a request that the agent itself answers, and the reply for each.
//!
//! The bodies have the members that Jupyter's clients look for: `reason` and `message`, for a session with an
//! unknown kernel `short_message`, for a kernel that did not start `traceback`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use thiserror::Error;
use uuid::Uuid;

use crate::kernels::StartError;

/// Seconds after which a client may ask again while JupyterLab starts.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// A request that failed.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The caller does not know the agent's secret.
    #[error("this lab answers only to its gateway: open it through your Nearside page")]
    Unauthorised,
    /// Outside the lab's base URL.
    #[error("there is nothing here: this lab answers below {0}")]
    OutsideBase(String),
    /// A body or an argument that cannot be used.
    #[error("{0}")]
    BadRequest(String),
    /// No kernel has this id.
    #[error("Kernel does not exist: {0}")]
    NoSuchKernel(String),
    /// No kernelspec has this name.
    #[error("there is no kernelspec named {0:?}: ask for /api/kernelspecs to see what there is")]
    NoSuchSpec(String),
    /// A kernelspec has no such file.
    #[error("the kernelspec {0:?} has no such file")]
    NoSuchResource(String),
    /// No session has this id.
    #[error("Session not found: session_id={0}")]
    NoSuchSession(String),
    /// The session is there and its kernel is not.
    #[error("Kernel deleted before session: session_id={0}")]
    KernelGone(Uuid),
    /// A kernel did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A kernel that is there could not be interrupted.
    #[error("the kernel cannot be interrupted: {0}")]
    Interrupt(String),
    /// JupyterLab does not answer yet.
    #[error("JupyterLab is still starting: try again in a moment")]
    LabStarting,
    /// JupyterLab could not be started; another attempt follows.
    #[error("JupyterLab could not be started; it will be tried again. {0}")]
    LabFailed(String),
    /// JupyterLab broke off in the middle of a request.
    #[error("JupyterLab did not answer this request: try again")]
    LabBroke(#[source] hyper::Error),
}

impl ApiError {
    /// The whole table of status codes.
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) | Self::Start(StartError::Refused(_)) => StatusCode::BAD_REQUEST,
            Self::OutsideBase(_)
            | Self::NoSuchKernel(_)
            | Self::NoSuchSpec(_)
            | Self::NoSuchResource(_)
            | Self::NoSuchSession(_) => StatusCode::NOT_FOUND,
            Self::KernelGone(_) => StatusCode::GONE,
            Self::Start(StartError::UnknownSpec(_)) => StatusCode::NOT_IMPLEMENTED,
            Self::Start(StartError::TooMany(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Start(StartError::Setup(_) | StartError::Died(_) | StartError::Silent(_))
            | Self::Interrupt(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Start(StartError::Stopping) | Self::LabStarting | Self::LabFailed(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::LabBroke(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let reason = status.canonical_reason();
        let message = self.to_string();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), "request failed: {message}");
        }
        let body = match &self {
            Self::Start(StartError::UnknownSpec(name)) => {
                json!({"reason": reason, "message": message, "short_message": format!("{name} not found")})
            }
            Self::Start(StartError::Died(death)) => {
                json!({"reason": reason, "message": message, "traceback": death.stderr})
            }
            _ => json!({"reason": reason, "message": message}),
        };
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
