//! Starting and stopping the gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::names::Username;
use api::token::{Audience, Verifier};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::access::{PublicAddress, Site};
use crate::app::{App, Parts};
use crate::config::{Config, SpawnerConfig, Tls};
use crate::cookies::CookieJar;
use crate::identity::Identity;
use crate::labs::{LabTerms, Labs, cull_idle_labs};
use crate::providers::{BadProvider, Provider};
use crate::proxy::LabClient;
use crate::routes;
use crate::sign_in::Throttle;
use crate::spawner::{KubernetesSpawner, ProcessSpawner, SpawnError, Spawner};

/// The longest that ending all labs may take; what is left then is swept at the next start.
const STOP_WITHIN: Duration = Duration::from_millis(3_900);

/// Why the gateway did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Others could reach it.
    #[error(
        "{0} is not a loopback address: labs of this gateway run as your own operating-system user, so it \
         serves this machine only; use 127.0.0.1 and reach it from elsewhere through an SSH tunnel"
    )]
    NotLoopback(SocketAddr),
    /// The port is taken, or not ours to take.
    #[error("failed to listen on {addr}: is another program using the port?")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("failed to use the certificate {certificate} with the key {key}", certificate = .tls.certificate.display(), key = .tls.key.display())]
    Certificate {
        /// The files.
        tls: Tls,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An identity provider is not configured well.
    #[error(transparent)]
    Provider(#[from] BadProvider),
    /// Our own key set cannot be read back.
    #[error("failed to read the signing keys")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The spawner is not ready.
    #[error("failed to prepare for labs")]
    Spawner(#[from] SpawnError),
}

/// A running gateway.
pub struct ServerHandle {
    addr: SocketAddr,
    app: App,
    connections: TaskTracker,
    _accepting: AbortOnDropHandle<()>,
    _culler: Option<AbortOnDropHandle<()>>,
    _following: AbortOnDropHandle<()>,
}

/// Starts a gateway whose labs come from the spawner of its configuration.
pub async fn start(config: Config, identity: Identity) -> Result<ServerHandle, StartError> {
    let spawner: Arc<dyn Spawner> = match config.spawner.clone() {
        SpawnerConfig::Process(programs) => {
            refuse_others(config.listen)?;
            Arc::new(ProcessSpawner::open(&config, programs, identity.installation()).await?)
        }
        SpawnerConfig::Kubernetes(labs) => {
            Arc::new(KubernetesSpawner::open(labs, config.lab, identity.clone()).await?)
        }
    };
    start_with_spawner(config, identity, spawner).await
}

/// Starts a gateway whose labs come from `spawner`.
pub async fn start_with_spawner(
    config: Config,
    identity: Identity,
    spawner: Arc<dyn Spawner>,
) -> Result<ServerHandle, StartError> {
    if !spawner.isolates_users() {
        refuse_others(config.listen)?;
    }
    let acceptor = config.tls.as_ref().map(|tls| {
        let certificate = |source| StartError::Certificate { tls: tls.clone(), source };
        listener::acceptor(&tls.certificate, &tls.key).map_err(certificate)
    });
    let acceptor = acceptor.transpose()?;
    let listen = |source| StartError::Listen { addr: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let app = compose(&config, identity, spawner, addr)?;
    app.labs.resume().await;
    let following = AbortOnDropHandle::new(tokio::spawn(app.labs.clone().follow()));
    let connections = TaskTracker::new();
    let service = listener::Service {
        router: routes::router(app.clone()),
        acceptor,
        limits: config.connections,
        closing: app.closing.clone(),
        connections: connections.clone(),
    };
    let culler = (config.lab_idle_seconds > 0).then(|| {
        let culling = cull_idle_labs(app.labs.clone(), config.lab_idle_seconds, config.lab.cull_every);
        AbortOnDropHandle::new(tokio::spawn(culling))
    });
    let accepting = AbortOnDropHandle::new(tokio::spawn(service.accept_until_closed(listener)));
    Ok(ServerHandle { addr, app, connections, _accepting: accepting, _culler: culler, _following: following })
}

fn compose(
    config: &Config,
    identity: Identity,
    spawner: Arc<dyn Spawner>,
    addr: SocketAddr,
) -> Result<App, StartError> {
    let public = config.public.as_ref();
    let encrypted = public.map_or(config.tls.is_some(), PublicAddress::is_encrypted);
    let site = Site::new(encrypted, public);
    let verifier = Verifier::new(identity.issuer(), Audience::Gateway, &identity.key_set());
    let lab_client = LabClient::new(&config.traffic);
    let terms = LabTerms {
        token_url: format!("{}://{addr}/api/lab/token", site.scheme()),
        flight_url: config.flight_url.clone(),
        ca_file: config.ca_file.clone(),
        kernel_idle_seconds: config.kernel_idle_seconds,
    };
    Ok(App::new(Parts {
        verifier: verifier.map_err(|error| StartError::Keys(error.into()))?,
        labs: Arc::new(Labs::new(spawner, lab_client.clone(), terms, config.lab)),
        lab_client,
        throttle: Throttle::new(config.sign_in),
        providers: config.providers.iter().map(Provider::open).collect::<Result<_, _>>()?,
        site,
        cookies: CookieJar::new(encrypted),
        catalogue_url: config.catalogue_url.clone(),
        traffic: config.traffic,
        closing: CancellationToken::new(),
        identity,
    }))
}

fn refuse_others(listen: SocketAddr) -> Result<(), StartError> {
    if listen.ip().is_loopback() { Ok(()) } else { Err(StartError::NotLoopback(listen)) }
}

impl ServerHandle {
    /// Where the gateway listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("{}://{}", self.app.site.scheme(), self.addr)
    }

    /// Starts a user's lab ahead of the first visit. Does not wait; a failure shows on the progress page.
    pub fn start_lab(&self, user: &Username) {
        if let Err(refusal) = self.app.labs.start(user) {
            tracing::warn!(lab.user = %user, %refusal, "did not start the lab of {user}");
        }
    }

    /// Ends every connection, and every lab that does not go on without us, within four seconds.
    pub async fn shutdown_and_wait(self) {
        self.app.closing.cancel();
        self.connections.close();
        let labs = tokio::time::timeout(STOP_WITHIN, self.app.labs.close());
        let (labs, ()) = tokio::join!(labs, self.connections.wait());
        if labs.is_err() {
            tracing::warn!("some labs did not end in time; the next start will end them");
        }
    }
}
