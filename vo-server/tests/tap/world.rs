//! A gateway's keys, a small sample sky, a server and a client.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use api::token::{Audience, Claims, KeySet, PublicKey, Signer};
use catalogue::engine::{Catalogue, Limits};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tempfile::TempDir;
use vo_server::{Config, ServerHandle, start};

const ISSUER: &str = "https://nearside.test";

/// Sources of the sample sky, the fewest that it can have.
const SKY: SampleOptions = SampleOptions { seed: 5, sources: 60_000, variables: 100 };

fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    let made = || {
        let dir = TempDir::new().expect("a temporary directory");
        write_sample(dir.path(), &SKY, &Silent).expect("a sample sky");
        dir
    };
    DIRECTORY.get_or_init(made).path()
}

/// A server with jobs of its own, and the key of the gateway whose tokens it accepts.
pub struct World {
    signer: Signer,
    keys: KeySet,
    state: TempDir,
    server: Option<ServerHandle>,
    client: Client,
}

impl World {
    pub async fn new() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key pair");
        let signer = Signer::from_pem("k1", &pair.serialize_pem()).expect("the private key");
        let keys = KeySet { keys: vec![PublicKey::ed25519("k1", pair.der_bytes())] };
        let state = TempDir::new().expect("a temporary directory");
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let mut world = Self { signer, keys, state, server: None, client };
        world.start().await;
        world
    }

    /// Stops the server and starts another on the same state.
    pub async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_and_wait().await;
        }
        self.start().await;
    }

    async fn start(&mut self) {
        let catalogue = Catalogue::open(directory(), Limits::default()).expect("the sample sky opens");
        let config = Config::new(ISSUER, self.keys.clone(), self.state.path());
        self.server = Some(start(config, Arc::new(catalogue), None, None).await.expect("a server"));
    }

    pub fn token(&self, user: &str, audience: Audience) -> String {
        let now = jiff::Timestamp::now().as_second();
        let claims = Claims {
            iss: ISSUER.into(),
            sub: user.parse().expect("a good user name"),
            aud: vec![audience],
            exp: now + 300,
            nbf: now - 1,
            iat: now - 1,
            jti: "test".into(),
        };
        self.signer.sign(&claims).expect("signed")
    }

    fn url(&self, path: &str) -> String {
        let base = self.server.as_ref().expect("it runs").url();
        format!("{base}/tap-server/tap/{path}")
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = "application/x-www-form-urlencoded";
        self.client.post(self.url(path)).header("content-type", kind).body(body)
    }

    pub fn post_body(&self, path: &str, content_type: &str, body: String) -> RequestBuilder {
        self.client.post(self.url(path)).header("content-type", content_type).body(body)
    }
}

/// Sends a request.
pub async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Status and text of the answer.
pub async fn told(request: RequestBuilder) -> (u16, String) {
    let answer = send(request).await;
    (answer.status().as_u16(), answer.text().await.expect("a text"))
}
