//! Starts and stops the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use api::token::{Audience, Verifier};
use audit::{Log, LogError, Reports};
use catalogue::engine::Catalogue;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use user_space::UserSpace;

use crate::app::{App, Parts};
use crate::config::{Config, Tls};
use crate::data;
use crate::identity::Passwords;
use crate::routes;
use crate::state::{State, StateError};
use crate::usage::FlightUsage;
use crate::uws::Upkeep;

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {addr}: choose another port, or stop the program that uses it")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The audit log cannot be kept, and without it nobody is served.
    #[error(transparent)]
    Audit(#[from] LogError),
    /// The certificate or its key cannot be used.
    #[error("the certificate {path} or its key is not good for TLS")]
    Certificate {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A key of the key set cannot be read.
    #[error("the key set for tokens has a key that is not an Ed25519 public key")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Jobs cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A running server.
pub struct ServerHandle {
    addr: SocketAddr,
    app: App,
    connections: TaskTracker,
    _accepting: AbortOnDropHandle<()>,
    _upkeep: AbortOnDropHandle<()>,
}

/// Serves `catalogue`; `passwords` decides who may sign in with one, where anybody may. With a user space, which the
/// catalogue has to know too, people can make tables.
pub async fn start(
    config: Config,
    catalogue: Arc<Catalogue>,
    passwords: Option<Arc<dyn Passwords>>,
    space: Option<UserSpace>,
) -> Result<ServerHandle, StartError> {
    let acceptor = config.tls.as_ref().map(|Tls { cert_pem, key_pem }| {
        let certificate = |source| StartError::Certificate { path: cert_pem.clone(), source };
        listener::acceptor(cert_pem, key_pem).map_err(certificate)
    });
    let acceptor = acceptor.transpose()?;
    let verifier = Verifier::new(&config.issuer, Audience::Vo, &config.keys);
    let verifier = verifier.map_err(|error| StartError::Keys(error.into()))?;
    let state = State::open(&config.state_dir, config.database.as_ref()).await?;
    let log = config.audit_dir.as_deref().map(|dir| Log::open(dir, config.audit.clone()));
    let reports = Reports::to(log.transpose()?);
    let listen = |source| StartError::Listen { addr: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let app = App::new(Parts { config, addr, catalogue, verifier, passwords, state, reports, space });
    Upkeep::new(&app).recover().await?;
    data::snapshots::note(&app).await?;
    let connections = TaskTracker::new();
    let service = listener::Service {
        router: routes::router(app.clone()),
        acceptor,
        limits: app.config.connections,
        closing: app.closing.clone(),
        connections: connections.clone(),
    };
    let accepting = AbortOnDropHandle::new(tokio::spawn(service.accept_until_closed(listener)));
    let upkeep = AbortOnDropHandle::new(tokio::spawn(Upkeep::new(&app).go_on()));
    Ok(ServerHandle { addr, app, connections, _accepting: accepting, _upkeep: upkeep })
}

impl ServerHandle {
    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL, without a trailing slash.
    pub fn url(&self) -> String {
        self.app.base_url()
    }

    /// Counts queries over Arrow Flight among those of this server.
    pub fn flight_usage(&self) -> FlightUsage {
        FlightUsage::new(&self.app)
    }

    /// Lets the page for people lead to the notebooks at `url`, which has no trailing slash. The first call counts.
    pub fn link_labs(&self, url: &str) {
        self.app.labs_url.get_or_init(|| url.to_owned());
    }

    /// Ends every connection and waits for it. Jobs that run go on after the next start.
    pub async fn shutdown_and_wait(self) {
        self.app.closing.cancel();
        self.connections.close();
        self.connections.wait().await;
        self.app.ledger.settle().await;
        Upkeep::new(&self.app).leave().await;
        self.app.state.close().await;
    }
}
