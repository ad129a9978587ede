//! Giving out signed tokens: to labs for their kernels, to people for use elsewhere, and the keys to all.

use api::lab::DataToken;
use api::limits::{DATA_TOKEN_SECONDS, READY_TOKEN_SECONDS};
use api::token::{Audience, KeySet};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, HeaderValue, header};

use crate::access::{Caller, Proof};
use crate::answer::wants_html;
use crate::app::App;
use crate::error::Refusal;
use crate::pages;

/// `GET /.well-known/jwks.json` (RFC 7517).
pub async fn key_set(State(app): State<App>) -> ([(http::HeaderName, HeaderValue); 1], Json<KeySet>) {
    let fresh_for_a_minute = (header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    ([fresh_for_a_minute], Json(app.identity.key_set()))
}

/// `POST /api/lab/token`: a short token for the data services, for the lab whose secret was shown.
pub async fn for_lab(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<DataToken>, Refusal> {
    let token = app.identity.sign(&caller.user, &[Audience::Flight, Audience::Vo], DATA_TOKEN_SECONDS)?;
    Ok(Json(DataToken { token, expires_in_seconds: DATA_TOKEN_SECONDS }))
}

/// `POST /api/token`: a token for scripts outside, good for a working day on all services.
pub async fn for_person(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match caller.proof {
        Proof::Cookie { .. } => {}
        Proof::Token { .. } | Proof::LabSecret => return Err(Refusal::LoginNeeded),
    }
    let everywhere = [Audience::Flight, Audience::Vo, Audience::Gateway];
    let token = app.identity.sign(&caller.user, &everywhere, READY_TOKEN_SECONDS)?;
    tracing::info!(user = %caller.user, lifetime_seconds = READY_TOKEN_SECONDS, "gave out a token");
    if wants_html(&headers) {
        Ok(pages::fresh_token(&caller, &token).into_response())
    } else {
        Ok(Json(DataToken { token, expires_in_seconds: READY_TOKEN_SECONDS }).into_response())
    }
}
