//! A gateway's keys, a small sample sky, a server and a client.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use api::names::Username;
use api::token::{Audience, Claims, KeySet, PublicKey, Signer};
use arrow::array::RecordBatch;
use arrow_flight::FlightInfo;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use catalogue::engine::{Catalogue, Limits};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use flight_server::{Config, ServerHandle, start};
use futures::TryStreamExt;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use user_space::{SpaceLimits, UserSpace};

pub const ISSUER: &str = "https://nearside.test";

/// Somebody who signs tokens.
pub struct Gateway {
    signer: Signer,
    pub keys: KeySet,
}

impl Gateway {
    pub fn new() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key pair");
        let signer = Signer::from_pem("k1", &pair.serialize_pem()).expect("the private key");
        Self { signer, keys: KeySet { keys: vec![PublicKey::ed25519("k1", pair.der_bytes())] } }
    }

    pub fn claims(user: &str, seconds: i64) -> Claims {
        let now = jiff::Timestamp::now().as_second();
        Claims {
            iss: ISSUER.into(),
            sub: name(user),
            aud: vec![Audience::Flight],
            exp: now + seconds,
            nbf: now - 1,
            iat: now - 1,
            jti: "test".into(),
        }
    }

    pub fn sign(&self, claims: &Claims) -> String {
        self.signer.sign(claims).expect("signed")
    }

    pub fn token(&self, user: &str) -> String {
        self.sign(&Self::claims(user, 300))
    }
}

pub fn name(user: &str) -> Username {
    user.parse().expect("a good user name")
}

pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    let made = || {
        let dir = TempDir::new().expect("a temporary directory");
        let options = SampleOptions { seed: 5, sources: 60_000, variables: 100 };
        write_sample(dir.path(), &options, &Silent).expect("a sample sky");
        dir
    };
    DIRECTORY.get_or_init(made).path()
}

/// A server, and the gateway whose tokens it accepts.
pub struct World {
    pub gateway: Gateway,
    pub server: ServerHandle,
    space_dir: TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Limits::default(), |config| config).await
    }

    pub async fn with(limits: Limits, change: impl Fn(Config) -> Config) -> Self {
        let gateway = Gateway::new();
        let catalogue = Catalogue::open(directory(), limits).expect("the sample sky opens");
        let space_dir = TempDir::new().expect("a temporary directory");
        let space =
            UserSpace::open(space_dir.path(), None, SpaceLimits::default()).await.expect("user space");
        let catalogue = catalogue.with_user_tables(Arc::new(space.clone()));
        let config = change(Config::new(ISSUER, gateway.keys.clone()));
        let server = start(config, Arc::new(catalogue), Some(space)).await.expect("a server");
        Self { gateway, server, space_dir }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.server.addr())).expect("a URL")
    }

    pub async fn channel(&self) -> Channel {
        self.endpoint().connect().await.expect("the server listens")
    }

    /// Waits until there are so many files of users' tables, whole or not.
    pub async fn until_space_has(&self, files: usize) {
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        let dir = self.space_dir.path().join("files");
        while std::fs::read_dir(&dir).expect("the directory is there").count() != files {
            assert!(tokio::time::Instant::now() < until, "there should be {files} files of users' tables");
            tokio::task::yield_now().await;
        }
    }

    /// A client that sends `token`.
    pub async fn client_with(&self, token: &str) -> FlightSqlServiceClient<Channel> {
        let inner = FlightServiceClient::new(self.channel().await).max_decoding_message_size(64 << 20);
        let mut client = FlightSqlServiceClient::new_from_inner(inner);
        client.set_token(token.to_owned());
        client
    }

    pub async fn client(&self, user: &str) -> FlightSqlServiceClient<Channel> {
        self.client_with(&self.gateway.token(user)).await
    }
}

/// The status inside a client's error.
pub fn status(error: impl std::error::Error + 'static) -> Status {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(status) = error.downcast_ref::<Status>() {
            return status.clone();
        }
        if let Some(arrow_flight::error::FlightError::Tonic(status)) = error.downcast_ref() {
            return Status::clone(status);
        }
        cause = error.source();
    }
    panic!("no gRPC status in {error:?}");
}

/// The batches behind a FlightInfo.
pub async fn fetch(
    client: &mut FlightSqlServiceClient<Channel>,
    info: FlightInfo,
) -> Result<Vec<RecordBatch>, Status> {
    let mut batches = Vec::new();
    for endpoint in info.endpoint {
        let ticket = endpoint.ticket.expect("every endpoint has a ticket");
        let rows = client.do_get(ticket).await.map_err(status)?;
        batches.extend(rows.try_collect::<Vec<_>>().await.map_err(status)?);
    }
    Ok(batches)
}

/// The whole answer to a statement.
pub async fn ask(
    client: &mut FlightSqlServiceClient<Channel>,
    sql: &str,
) -> Result<Vec<RecordBatch>, Status> {
    let info = client.execute(sql.to_owned(), None).await.map_err(status)?;
    fetch(client, info).await
}

pub fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}
