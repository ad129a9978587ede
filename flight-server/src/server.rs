//! Starts and stops the server: socket, certificate, limits of the connection, and the end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::token::{Audience, Verifier};
use arrow_flight::flight_service_server::FlightServiceServer;
use audit::{Log, LogError, Reports};
use catalogue::engine::Catalogue;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tower::util::MapRequestLayer;
use user_space::UserSpace;

use crate::config::{Config, Tls};
use crate::plans::{self, Plans};
use crate::running::Running;
use crate::seal::Sealer;
use crate::service::Service;
use crate::statements::Statements;
use crate::tables::{self, Tables};
use crate::upload_size::UploadSize;
use crate::whole_streams::tell_cuts;

/// Seconds after which a cut stream must be gone.
const CUT_SECONDS: u64 = 1;

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
    /// A key of the key set cannot be read.
    #[error("the key set for tokens has a key that is not an Ed25519 public key")]
    Keys(#[source] jsonwebtoken::errors::Error),
    /// A PEM file cannot be read.
    #[error("cannot read {path}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The audit log cannot be kept, and without it nobody is served.
    #[error(transparent)]
    Audit(#[from] LogError),
    /// The certificate and its key do not make a TLS server.
    #[error("the certificate or its key is not good for TLS")]
    Tls(#[source] tonic::transport::Error),
}

/// A running server.
pub struct ServerHandle {
    addr: SocketAddr,
    tls: bool,
    stop: CancellationToken,
    cut: CancellationToken,
    grace: Duration,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl ServerHandle {
    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The Flight location of the server: `grpc://host:port`, or `grpc+tls://host:port`.
    pub fn location(&self) -> String {
        let scheme = if self.tls { "grpc+tls" } else { "grpc" };
        format!("{scheme}://{}", self.addr)
    }

    /// Accepts no more calls, gives running ones the grace that the configuration says, then cuts them: their
    /// clients see an error, never a short answer.
    pub async fn shutdown_and_wait(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(self.grace, &mut self.task).await.is_ok() {
            return;
        }
        self.cut.cancel();
        if tokio::time::timeout(Duration::from_secs(CUT_SECONDS), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// Serves `catalogue` as `config` says, from when this returns. With a user space, which the catalogue has to know
/// too, people can make tables.
pub async fn start(
    config: Config,
    catalogue: Arc<Catalogue>,
    space: Option<UserSpace>,
) -> Result<ServerHandle, StartError> {
    let verifier = Verifier::new(&config.issuer, Audience::Flight, &config.keys).map_err(StartError::Keys)?;
    let listen = |source| StartError::Listen { addr: config.listen, source };
    let incoming = TcpIncoming::bind(config.listen).map_err(listen)?.with_nodelay(Some(true));
    let addr = incoming.local_addr().map_err(listen)?;
    let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
    let audit = config.audit_dir.as_deref().map(|dir| Log::open(dir, config.audit.clone()));
    let reports = Reports::to(audit.transpose()?);
    let tables = space.map(|space| Tables {
        space,
        catalogue: Arc::clone(&catalogue),
        limits: tables::Limits {
            batch_bytes: config.upload_batch_bytes,
            batch_rows: config.upload_batch_rows,
        },
        reports: reports.clone(),
    });
    let mut statements = statements(&config, catalogue, cut.clone(), reports);
    statements.user_space = tables.is_some();
    let values = tables::Limits { batch_bytes: config.parameter_bytes, batch_rows: config.parameter_rows };
    let service = FlightServiceServer::new(Service {
        verifier,
        statements,
        tables,
        usage: config.usage.clone(),
        values,
    });
    let service = UploadSize {
        uploads: service.clone().max_decoding_message_size(config.upload_message_bytes),
        others: service.max_decoding_message_size(config.request_bytes),
    };
    let mut server = Server::builder().max_concurrent_streams(config.calls_per_connection);
    if let Some(tls) = &config.tls {
        server =
            server.tls_config(ServerTlsConfig::new().identity(identity(tls)?)).map_err(StartError::Tls)?;
    }
    let server = server.layer(MapRequestLayer::new(tell_cuts)).add_service(service);
    let stopped = stop.clone().cancelled_owned();
    let task = tokio::spawn(server.serve_with_incoming_shutdown(incoming, stopped));
    let grace = Duration::from_secs(config.grace_seconds);
    Ok(ServerHandle { addr, tls: config.tls.is_some(), stop, cut, grace, task })
}

fn statements(
    config: &Config,
    catalogue: Arc<Catalogue>,
    cut: CancellationToken,
    reports: Reports,
) -> Statements {
    Statements {
        catalogue,
        sealer: Sealer::new(config.ticket_key.unwrap_or_else(rand::random)),
        ticket_seconds: config.ticket_seconds,
        prepared_seconds: config.prepared_seconds,
        batch_bytes: config.batch_bytes,
        plans: Plans::new(plans::Limits {
            plans: config.plans_kept,
            sql_bytes: config.plans_sql_bytes,
            age: Duration::from_secs(config.plan_seconds),
        }),
        user_space: false,
        reports,
        running: Running::default(),
        cut,
    }
}

fn identity(tls: &Tls) -> Result<Identity, StartError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| StartError::Pem { path: path.to_owned(), source });
    Ok(Identity::from_pem(read(&tls.cert_pem)?, read(&tls.key_pem)?))
}
