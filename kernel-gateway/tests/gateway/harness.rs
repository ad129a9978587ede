//! A gateway on a free port with two accounts, and the clients that talk to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::names::Username;
use api::token::Audience;
use kernel_gateway::identity::Identity;
use kernel_gateway::{Config, ProcessSpawnerConfig, ServerHandle, start_with_spawner};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::lab::EchoSpawner;

/// Every wait of a test ends here.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A running gateway and what a test needs around it.
pub struct Gateway {
    pub handle: ServerHandle,
    pub identity: Identity,
    pub spawner: Arc<EchoSpawner>,
    pub client: Client,
    pub dir: TempDir,
}

pub fn name(text: &str) -> Username {
    text.parse().expect("a user name")
}

/// Programs that do not exist.
pub fn programs(dir: &TempDir) -> ProcessSpawnerConfig {
    ProcessSpawnerConfig {
        agent: "/nonexistent/lab-agent".into(),
        python: "/nonexistent/python3".into(),
        homes: dir.path().join("homes"),
        run_dir: dir.path().join("run"),
    }
}

/// A configuration on a free port whose programs do not exist.
pub fn config(dir: &TempDir) -> Config {
    let mut config = Config::new(([127, 0, 0, 1], 0).into(), "grpc://127.0.0.1:1", programs(dir));
    config.traffic.login_check_every = Duration::from_millis(20);
    config
}

/// A client that follows no redirect and keeps no cookie: tests look at both.
pub fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(DEADLINE).build().expect("a client")
}

impl Gateway {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A gateway whose configuration `change` has changed, with the accounts `maria` and `caroline`.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = config(&dir);
        change(&mut config);
        let identity = Identity::open(dir.path()).await.expect("an identity store");
        let accounts = identity.accounts();
        accounts.add(&name("maria"), Some("the comet of 1847".into())).await.expect("added");
        accounts.add(&name("caroline"), None).await.expect("added");
        let spawner = Arc::new(EchoSpawner::default());
        let handle = start_with_spawner(config, identity.clone(), spawner.clone()).await.expect("a gateway");
        Self { handle, identity, spawner, client: client(), dir }
    }

    pub fn addr(&self) -> SocketAddr {
        self.handle.addr()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.handle.url())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Signs a browser in by a one-time link.
    pub async fn browser(&self, user: &str) -> Browser {
        let code = self.identity.issue_link(&name(user)).await.expect("a code");
        let answer = self.get(&format!("/login/link/{code}")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        Browser::of(&answer, &self.handle.url())
    }

    pub fn token(&self, user: &str, audiences: &[Audience]) -> String {
        self.identity.sign(&name(user), audiences, 60).expect("a token")
    }

    /// Starts a lab and waits until it answers.
    pub async fn ready_lab(&self, user: &str) {
        self.handle.start_lab(&name(user));
        let token = self.token(user, &[Audience::Gateway]);
        let path = format!("/user/{user}/api/status");
        eventually("the lab answers", async || {
            let answer = self.get(&path).bearer_auth(&token).send().await.expect("an answer");
            answer.status() == StatusCode::OK
        })
        .await;
    }
}

/// Waits until `holds`, and fails with `claim` when that takes too long.
pub async fn eventually(claim: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "not within {DEADLINE:?}: {claim}");
}

/// Status and `reason` of a refusal as JSON, after a check of its shape.
pub async fn refusal(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let id = header(answer.headers(), "x-request-id");
    let body: Value = answer.json().await.expect("a refusal as JSON");
    assert_eq!(body["request_id"], id.as_str());
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
    (status, body["reason"].as_str().expect("a reason").to_owned())
}

pub fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
