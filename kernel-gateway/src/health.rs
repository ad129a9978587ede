//! Whether the gateway lives, and whether it can do its work.

use axum::extract::State;
use http::StatusCode;

use crate::app::App;

/// `GET /livez`: the process answers. Depends on nothing, so that a broken database does not get it killed.
pub async fn livez() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the database answers and we are not stopping.
pub async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.closing.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if app.identity.is_well().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the identity database does not answer\n")
    }
}
