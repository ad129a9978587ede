//! A small real HTTP server in the place of a lab, which tells what it was asked.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::names::Username;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel_gateway::spawner::{Ended, LabOrder, Presence, RunningLab, SpawnError, Spawner, Tell};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Starts one such server per lab.
#[derive(Default)]
pub struct EchoSpawner {
    /// What the labs were started with.
    pub orders: Mutex<Vec<LabOrder>>,
    /// Answered as the reason and log of every failed start, when set.
    pub fails_with: Mutex<Option<(String, String)>>,
    /// Seconds of idleness that every lab reports.
    pub idle_seconds: Arc<Mutex<u64>>,
    /// Requests that reached a lab, health probes of the gateway excepted.
    pub requests: Arc<AtomicUsize>,
    running: Mutex<HashMap<Username, CancellationToken>>,
}

impl Spawner for EchoSpawner {
    fn start<'a>(
        &'a self,
        order: &'a LabOrder,
        _tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        async move {
            self.orders.lock().expect("unpoisoned").push(order.clone());
            if let Some((reason, log)) = self.fails_with.lock().expect("unpoisoned").clone() {
                return Err(SpawnError::Ended { reason, log });
            }
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
            let addr = listener.local_addr().expect("bound");
            let lab = echo(order, self.requests.clone(), self.idle_seconds.clone());
            let end = CancellationToken::new();
            self.running.lock().expect("unpoisoned").insert(order.user.clone(), end.clone());
            let serving = end.clone();
            tokio::spawn(async move {
                tokio::select! {
                    served = axum::serve(listener, lab).into_future() => served.expect("served"),
                    () = serving.cancelled() => {}
                }
            });
            let ended = async move {
                end.cancelled().await;
                Ended::Asked
            };
            Ok(RunningLab { addr, agent_secret: order.agent_secret.clone(), ended: ended.boxed() })
        }
        .boxed()
    }

    fn stop<'a>(&'a self, user: &'a Username) -> BoxFuture<'a, ()> {
        let running = self.running.lock().expect("unpoisoned").remove(user);
        running.inspect(CancellationToken::cancel);
        std::future::ready(()).boxed()
    }

    fn state(&self, user: &Username) -> Presence {
        let present = self.running.lock().expect("unpoisoned").contains_key(user);
        if present { Presence::Present } else { Presence::Absent }
    }

    fn log(&self, _user: &Username) -> String {
        String::new()
    }
}

fn echo(order: &LabOrder, requests: Arc<AtomicUsize>, idle_seconds: Arc<Mutex<u64>>) -> Router {
    let secret = format!("Bearer {}", order.agent_secret);
    let at = |path: &str| format!("{}{path}", order.base_url);
    let activity = async move || {
        Json(json!({ "idle_seconds": *idle_seconds.lock().expect("unpoisoned"), "kernels": 1 }))
    };
    Router::new()
        .route(&at("api/status"), get(async || Json(json!({}))))
        .route(&at("api/nearside/activity"), get(activity))
        .route(&at("channels"), any(channels))
        .route(&at("sink"), any(async |body: Body| Body::from_stream(body.into_data_stream())))
        .route(
            &at("cookies"),
            get(async || [("set-cookie", "nearside=planted"), ("x-frame-options", "SAMEORIGIN")]),
        )
        .fallback(tell)
        .layer(axum::middleware::from_fn_with_state((secret, requests), only_the_gateway))
}

async fn only_the_gateway(
    State((secret, requests)): State<(String, Arc<AtomicUsize>)>,
    request: Request,
    next: axum::middleware::Next,
) -> Response {
    if request.headers().get("authorization").is_none_or(|value| *value != *secret) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if !request.uri().path().ends_with("api/status") {
        requests.fetch_add(1, Ordering::SeqCst);
    }
    next.run(request).await
}

/// Everything that a lab sees of a request, except its own secret.
async fn tell(request: Request) -> Json<Value> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let headers: Vec<_> = head
        .headers
        .iter()
        .filter(|(name, _)| *name != "authorization")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Json(json!({
        "method": head.method.as_str(),
        "address": head.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

/// Repeats every message, in the subprotocol of Jupyter where that is offered.
async fn channels(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["v1.kernel.websocket.jupyter.org"]).on_upgrade(async |mut socket| {
        while let Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}
