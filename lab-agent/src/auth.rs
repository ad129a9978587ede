//! The one check of this program: does the caller know the agent's secret?

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

use crate::agent::Agent;
use crate::error::ApiError;

/// Lets a request pass whose `Authorization` is `Bearer <agent_secret>`, and takes the header away so that
/// nothing behind the agent ever sees the secret.
pub async fn require_secret(State(agent): State<Agent>, mut request: Request, next: Next) -> Response {
    let presented = request.headers_mut().remove(AUTHORIZATION);
    let secret = agent.config.lab.agent_secret.as_bytes();
    match presented.as_ref().and_then(|value| bearer(value.as_bytes())) {
        Some(token) if bool::from(token.ct_eq(secret)) => next.run(request).await,
        _ => ApiError::Unauthorised.into_response(),
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}
