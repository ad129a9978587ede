//! Waiting until the JupyterLab behind an agent answers, or the agent says that it cannot.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use http::{Request, StatusCode};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::Upstream;
use crate::proxy::LabClient;

/// Between two questions; short, because a person is watching.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// Bytes of an agent's own report.
const REPORT_BYTES: usize = 64 * 1024;

/// What an agent says about its JupyterLab at `api/nearside/status`.
#[derive(Deserialize)]
struct Report {
    jupyterlab: String,
    message: String,
}

/// Asks Jupyter's own status page until it answers, at most for `within`. The error is the reason.
pub async fn jupyterlab(
    client: &LabClient,
    upstream: &Upstream,
    base_url: &str,
    within: Duration,
) -> Result<(), String> {
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        if ask(client, upstream, &format!("{base_url}api/status")).await.is_some() {
            return Ok(());
        }
        let report = ask(client, upstream, &format!("{base_url}api/nearside/status")).await;
        let report = report.and_then(|body| serde_json::from_slice::<Report>(&body).ok());
        if let Some(Report { message, .. }) = report.filter(|report| report.jupyterlab == "failed") {
            return Err(message);
        }
        sleep(ASK_EVERY).await;
    }
    Err(format!("JupyterLab did not answer within {} seconds", within.as_secs()))
}

/// The body of a good answer.
async fn ask(client: &LabClient, upstream: &Upstream, path: &str) -> Option<Bytes> {
    let question = Request::get(path).body(Body::empty()).expect("a user's base URL is a valid path");
    let answer =
        client.send(upstream, question).await.ok().filter(|answer| answer.status() == StatusCode::OK)?;
    to_bytes(Body::new(answer.into_body()), REPORT_BYTES).await.ok()
}
