//! The data token, against a real HTTP server that plays the gateway.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::harness::{Lab, SECRET, eventually, python};

/// Answers two tokens, then a failure, then tokens again.
async fn token(State(count): State<Arc<AtomicU32>>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let known = headers.get("authorization").is_some_and(|value| value == "Bearer the-secret-of-the-lab");
    let number = count.fetch_add(1, Ordering::SeqCst);
    match (known, number) {
        (true, 2) => Err(StatusCode::BAD_GATEWAY),
        (true, _) => Ok(Json(json!({"token": format!("token-{number}"), "expires_in_seconds": 2}))),
        (false, _) => Err(StatusCode::UNAUTHORIZED),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_replaced_at_half_life_and_a_failure_keeps_the_old_one() {
    let Some(python) = python() else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicU32::new(0));
    let gateway = Router::new().route("/token", post(token)).with_state(count.clone());
    tokio::spawn(async move { axum::serve(listener, gateway).await });
    let lab = Lab::start(python, |config| config.token_url = format!("http://{addr}/token"));
    let file = lab.run_dir.path().join("data-token");
    let mut seen: Vec<String> = Vec::new();
    eventually("a fourth token", || {
        // Missing before the first token, and never again.
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                assert!(seen.is_empty(), "the token went missing: {error}");
                return None;
            }
        };
        if seen.last() != Some(&text) {
            seen.push(text);
        }
        (seen.len() == 3).then_some(())
    });
    assert_eq!(seen, ["token-0", "token-1", "token-3"]);
    for pid in lab.processes() {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let visible = String::from_utf8_lossy(&[read("environ"), read("cmdline")].concat()).into_owned();
        let leaked = seen.iter().map(String::as_str).chain([SECRET, "the-secret-of-the-lab"]);
        assert_eq!(leaked.filter(|secret| visible.contains(secret)).count(), 0, "process {pid}");
    }
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o400);
}
