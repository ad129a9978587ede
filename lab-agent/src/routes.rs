//! Every route of the agent, on one page. All of them need the agent's secret.

use axum::extract::{DefaultBodyLimit, State};
use axum::middleware;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use http::{HeaderName, HeaderValue, header};
use serde_json::{Value, json};

use api::lab::Activity;

use crate::agent::Agent;
use crate::auth;
use crate::channels;
use crate::kernels::api as kernels;
use crate::lab::{LabState, proxy};
use crate::outputs;
use crate::sessions;

/// The agent's whole interface.
pub fn router(agent: Agent) -> Router {
    let base = agent.config.lab.base_url.clone();
    let at = |path: &str| format!("{base}{path}");
    let limit = DefaultBodyLimit::max(agent.config.limits.body_bytes);
    let answered_here = Router::new()
        .route(&at("api/kernelspecs"), get(kernels::specs).options(preflight))
        .route(&at("api/kernelspecs/{name}"), get(kernels::spec).options(preflight))
        .route(&at("kernelspecs/{name}/{file}"), get(kernels::resource))
        .route(&at("api/kernels"), get(kernels::list).post(kernels::start).options(preflight))
        .route(&at("api/kernels/{id}"), get(kernels::show).delete(kernels::shut_down).options(preflight))
        .route(&at("api/kernels/{id}/interrupt"), post(kernels::interrupt).options(preflight))
        .route(&at("api/kernels/{id}/restart"), post(kernels::restart).options(preflight))
        .route(&at("api/kernels/{id}/channels"), get(channels::open))
        .route(&at("api/sessions"), get(sessions::list).post(sessions::create).options(preflight))
        .route(
            &at("api/sessions/{id}"),
            get(sessions::show).patch(sessions::change).delete(sessions::delete).options(preflight),
        )
        .route(&at("api/nearside/kernels/{id}/executions"), get(outputs::executions))
        .route(&at("api/nearside/activity"), get(activity))
        .route(&at("api/nearside/status"), get(status))
        .layer(limit);
    answered_here
        .fallback(any(proxy::pass_on))
        .layer(middleware::from_fn_with_state(agent.clone(), auth::require_secret))
        .with_state(agent)
}

/// What a browser may send; which page may send it is the gateway's decision.
async fn preflight() -> [(HeaderName, HeaderValue); 1] {
    let allowed = HeaderValue::from_static("accept, content-type, authorization, x-xsrftoken");
    [(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed)]
}

/// `GET /api/nearside/activity`
async fn activity(State(agent): State<Agent>) -> Json<Activity> {
    let kernels = agent.kernels.list();
    let idle = kernels.iter().map(|kernel| kernel.idle()).fold(agent.last_deed.age(), std::cmp::min);
    Json(Activity { idle_seconds: idle.as_secs(), kernels: kernels.len() })
}

/// `GET /api/nearside/status`
async fn status(State(agent): State<Agent>) -> Json<Value> {
    let (state, message) = match &*agent.lab.state.borrow() {
        LabState::Starting => ("starting", "JupyterLab is starting".to_owned()),
        LabState::Ready => ("ready", "JupyterLab answers".to_owned()),
        LabState::Failed(words) => ("failed", words.clone()),
    };
    let warm = agent.kernels.are_warm().await;
    Json(json!({"jupyterlab": state, "message": message, "warm_python": warm}))
}
