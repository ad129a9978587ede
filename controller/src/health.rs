//! `/livez`, `/readyz` and `/metrics`, for the kubelet and for Prometheus. Nothing here depends on the API server.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;

use crate::controller::Controller;

/// Serves the pages for ever.
pub async fn serve(listener: TcpListener, controller: Arc<Controller>) -> std::io::Result<()> {
    axum::serve(listener, router(controller)).await
}

fn router(controller: Arc<Controller>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(controller)
}

async fn ready(State(controller): State<Arc<Controller>>) -> (StatusCode, &'static str) {
    if controller.is_current() {
        (StatusCode::OK, "every watch was heard of lately\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "a watch has been silent for too long: is the API server there?\n")
    }
}

async fn metrics(State(controller): State<Arc<Controller>>) -> String {
    controller.metrics_page()
}
