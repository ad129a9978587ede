//! Every setting of the gateway, with its default. The only module besides `main` that reads the environment.

mod kubernetes;
mod providers;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use listener::ConnectionLimits;

use crate::access::PublicAddress;

pub use kubernetes::{ApiServerConfig, HomeConfig, KubernetesSpawnerConfig};
pub use providers::{CasConfig, OidcConfig, ProviderConfig, ProviderProtocol};

/// What a gateway needs to start. [`Config::new`] fills in the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; must be loopback unless labs are isolated, port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where people reach it, if not at the address where it listens.
    pub public: Option<PublicAddress>,
    /// Encrypt with this certificate; without it the gateway speaks plain HTTP.
    pub tls: Option<Tls>,
    /// How labs are started.
    pub spawner: SpawnerConfig,
    /// What a lab process finds in its environment.
    pub environment: LabEnvironment,
    /// Arrow Flight location for kernels.
    pub flight_url: String,
    /// Where the catalogue's page for people is.
    pub catalogue_url: Option<String>,
    /// The certificate authority that labs trust, with TLS.
    pub ca_file: Option<PathBuf>,
    /// Files that a home starts with; one that exists is left alone.
    pub welcome: Vec<WelcomeFile>,
    /// A lab without activity for this many seconds is stopped; 0 keeps labs for ever.
    pub lab_idle_seconds: u64,
    /// A kernel without activity for this many seconds is shut down; 0 keeps kernels for ever.
    pub kernel_idle_seconds: u64,
    /// Who else may vouch for people, besides the accounts of our own.
    pub providers: Vec<ProviderConfig>,
    /// Limits of signing in.
    pub sign_in: SignInLimits,
    /// Limits of labs.
    pub lab: LabLimits,
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// Limits of what they carry.
    pub traffic: TrafficLimits,
}

impl Config {
    /// A configuration with the default limits, no TLS, no welcome files, and labs that are kept for ever.
    pub fn new(listen: SocketAddr, flight_url: impl Into<String>, spawner: impl Into<SpawnerConfig>) -> Self {
        Self {
            listen,
            public: None,
            tls: None,
            spawner: spawner.into(),
            environment: LabEnvironment::from_env(),
            flight_url: flight_url.into(),
            catalogue_url: None,
            ca_file: None,
            welcome: Vec::new(),
            lab_idle_seconds: 0,
            kernel_idle_seconds: 0,
            providers: Vec::new(),
            sign_in: SignInLimits::default(),
            lab: LabLimits::default(),
            connections: ConnectionLimits::default(),
            traffic: TrafficLimits::default(),
        }
    }
}

/// PEM files of the gateway's certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate chain, the server's own first.
    pub certificate: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

/// How labs are started.
#[derive(Clone, Debug)]
pub enum SpawnerConfig {
    /// As processes of this machine.
    Process(ProcessSpawnerConfig),
    /// As pods of a cluster.
    Kubernetes(KubernetesSpawnerConfig),
}

impl From<ProcessSpawnerConfig> for SpawnerConfig {
    fn from(config: ProcessSpawnerConfig) -> Self {
        Self::Process(config)
    }
}

impl From<KubernetesSpawnerConfig> for SpawnerConfig {
    fn from(config: KubernetesSpawnerConfig) -> Self {
        Self::Kubernetes(config)
    }
}

/// Programs and directories of the `process` spawner.
#[derive(Clone, Debug)]
pub struct ProcessSpawnerConfig {
    /// The lab-agent program.
    pub agent: PathBuf,
    /// A Python interpreter that has JupyterLab and ipykernel.
    pub python: PathBuf,
    /// Where the users' files live, one directory each.
    pub homes: PathBuf,
    /// A private directory for sockets and logs of running labs. Short: Unix socket paths have 107 bytes.
    pub run_dir: PathBuf,
}

/// The few variables that a lab inherits; everything else of our own environment stays with us.
#[derive(Clone, Debug)]
pub struct LabEnvironment {
    /// `PATH`; the agent puts the directory of the Python interpreter before it.
    pub path: String,
    /// `LANG`.
    pub lang: String,
    /// `TZ`, where it is set.
    pub timezone: Option<String>,
}

impl LabEnvironment {
    /// What our own environment says, with a plain default for what it lacks.
    pub fn from_env() -> Self {
        let or = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            path: or("PATH", "/usr/local/bin:/usr/bin:/bin"),
            lang: or("LANG", "C.UTF-8"),
            timezone: std::env::var("TZ").ok(),
        }
    }
}

/// A file that a home starts with.
#[derive(Clone, Debug)]
pub struct WelcomeFile {
    /// Where in the home, a relative path without `..`.
    pub path: PathBuf,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// How often somebody may guess a password.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// Failures of one name within the window before it has to wait.
    pub failures_per_name: u32,
    /// Failures of all names together within the window before everybody has to wait.
    pub failures_in_total: u32,
    /// Length of the window.
    pub window: Duration,
    /// Names whose failures are remembered at the same time.
    pub names_remembered: usize,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            failures_per_name: 10,
            failures_in_total: 200,
            window: Duration::from_secs(300),
            names_remembered: 10_000,
        }
    }
}

/// How many labs, and how long we wait for them.
#[derive(Clone, Copy, Debug)]
pub struct LabLimits {
    /// Labs that run at the same time.
    pub labs: usize,
    /// How long an agent and its JupyterLab may take to answer.
    pub start_within: Duration,
    /// How long a lab that was asked to end may take before it is killed.
    pub stop_within: Duration,
    /// How long a lab whose gateway was killed waits for the next one before it ends.
    pub gateway_absence: Duration,
    /// How often the culler looks for idle labs.
    pub cull_every: Duration,
}

impl LabLimits {
    /// The limits of a cluster, where labs are many, wait for images and nodes, and have more to end.
    pub fn of_a_cluster() -> Self {
        Self {
            labs: 10_000,
            start_within: Duration::from_secs(900),
            stop_within: Duration::from_secs(60),
            ..Self::default()
        }
    }
}

impl Default for LabLimits {
    fn default() -> Self {
        Self {
            labs: 32,
            start_within: Duration::from_secs(120),
            stop_within: Duration::from_millis(2_500),
            gateway_absence: Duration::from_secs(60),
            cull_every: Duration::from_secs(60),
        }
    }
}

/// What one client may occupy.
#[derive(Clone, Copy, Debug)]
pub struct TrafficLimits {
    /// Bytes of a form sent to one of our own pages.
    pub form_bytes: usize,
    /// Bytes of a request body sent to a lab.
    pub lab_body_bytes: usize,
    /// How long a lab may take to accept a connection.
    pub lab_connect_within: Duration,
    /// How long a lab may take to start its answer.
    pub lab_answer_within: Duration,
    /// How often an open WebSocket asks whether its login still exists.
    pub login_check_every: Duration,
}

impl Default for TrafficLimits {
    fn default() -> Self {
        Self {
            form_bytes: 16 * 1024,
            lab_body_bytes: 512 * 1024 * 1024,
            lab_connect_within: Duration::from_secs(5),
            lab_answer_within: Duration::from_secs(300),
            login_check_every: Duration::from_secs(4),
        }
    }
}
