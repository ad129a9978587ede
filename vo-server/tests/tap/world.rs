//! A gateway's keys, a small sample sky, a server and a client.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use api::token::{Audience, Claims, KeySet, PublicKey, Signer};
use catalogue::engine::{Catalogue, Limits};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use database::Location;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tempfile::TempDir;
use test_postgres::Postgres;
use user_space::{SpaceLimits, UserSpace};
use vo_server::{Config, JobLimits, ServerHandle, start};

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

/// Where a server keeps jobs. Clones are the same place.
#[derive(Clone)]
pub struct Home {
    state: Arc<TempDir>,
    database: Option<Location>,
    _postgres: Option<Postgres>,
}

impl Home {
    pub fn sqlite() -> Self {
        let state = Arc::new(TempDir::new().expect("a temporary directory"));
        Self { state, database: None, _postgres: None }
    }

    pub fn postgres() -> Self {
        let postgres = Postgres::start();
        let database = postgres.database().parse().expect("a place");
        Self { database: Some(database), _postgres: Some(postgres), ..Self::sqlite() }
    }

    /// Where results of jobs are.
    pub fn results(&self) -> PathBuf {
        self.state.path().join("results")
    }

    /// The file of its jobs, where they are in one.
    pub fn file(&self) -> PathBuf {
        self.state.path().join("vo.db")
    }

    pub fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }
}

/// A server, and the key of the gateway whose tokens it accepts.
pub struct World {
    signer: Signer,
    keys: KeySet,
    home: Home,
    limits: JobLimits,
    server: Option<ServerHandle>,
    client: Client,
    /// Who asks, if anybody in particular.
    user: Option<String>,
}

impl World {
    /// A server with jobs of its own.
    pub async fn new() -> Self {
        Self::at(Home::sqlite()).await
    }

    /// A server that keeps its jobs there.
    pub async fn at(home: Home) -> Self {
        Self::within(home, JobLimits::default()).await
    }

    /// The same within other limits.
    pub async fn within(home: Home, limits: JobLimits) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key pair");
        let signer = Signer::from_pem("k1", &pair.serialize_pem()).expect("the private key");
        let keys = KeySet { keys: vec![PublicKey::ed25519("k1", pair.der_bytes())] };
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let mut world = Self { signer, keys, home, limits, server: None, client, user: None };
        world.start().await;
        world
    }

    /// From now on this person asks.
    pub fn sign_in(&mut self, user: &str) {
        self.user = Some(user.to_owned());
    }

    /// Stops the server and starts another on the same state.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Stops the server.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_and_wait().await;
        }
    }

    pub async fn start(&mut self) {
        let place = self.home.state.path().join("space");
        let space = UserSpace::open(&place, self.home.database.as_ref(), SpaceLimits::default()).await;
        let space = space.expect("a user space");
        let catalogue = Catalogue::open(directory(), Limits::default()).expect("the sample sky opens");
        let catalogue = catalogue.with_user_tables(Arc::new(space.clone()));
        let config = Config::new(ISSUER, self.keys.clone(), self.home.state.path());
        let homes = Some(self.homes());
        let config = Config { database: self.home.database.clone(), jobs: self.limits, homes, ..config };
        self.server = Some(start(config, Arc::new(catalogue), None, Some(space)).await.expect("a server"));
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

    /// Where people's homes are.
    pub fn homes(&self) -> PathBuf {
        self.home.state.path().join("homes")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/tap-server/tap/{path}", self.base())
    }

    /// Where the server is, without a trailing slash.
    pub fn base(&self) -> String {
        self.server.as_ref().expect("it runs").url()
    }

    /// A request to any address of the server.
    pub fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.base()))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.signed(self.client.get(self.url(path)))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.user {
            Some(user) => request.bearer_auth(self.token(user, Audience::Vo)),
            None => request,
        }
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = "application/x-www-form-urlencoded";
        self.signed(self.client.post(self.url(path))).header("content-type", kind).body(body)
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
