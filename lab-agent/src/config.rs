//! What the agent is told: the lab's configuration file, its limits, and the one thing it takes from the
//! environment, the search path for programs. Nothing else reads files of settings or the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::lab::LabConfig;
use thiserror::Error;

use crate::journal::JournalLimits;

/// Longest path of a run directory in bytes. A Unix socket's path has at most 107, and ours need 25 of them.
pub const RUN_DIR_MAX_BYTES: usize = 82;

/// Everything the agent needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The lab, as the spawner describes it.
    pub lab: LabConfig,
    /// Every limit of this program.
    pub limits: Limits,
    /// `PATH` of the agent: searched for `setpriv`, and extended for kernels.
    pub search_path: OsString,
}

/// Everything that queues, buffers or waits, with its limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Kernels of one lab at a time.
    pub kernels: usize,
    /// How long a kernel may take to answer its first `kernel_info_request`.
    pub kernel_start: Duration,
    /// How long a Python may take to import what notebooks begin with.
    pub warm_start: Duration,
    /// How long a warm Python may take to fork a kernel, before one is started without it.
    pub warm_fork: Duration,
    /// Pause before another Python is warmed up when one was lost.
    pub warm_pause: Duration,
    /// How long a kernel may take to end by itself once asked.
    pub kernel_grace: Duration,
    /// How long any process may take to end after SIGTERM, before SIGKILL.
    pub terminate_grace: Duration,
    /// How often in a row a kernel that died is started again.
    pub kernel_restarts: u32,
    /// A kernel that lived this long after it first answered has earned a fresh count of restarts.
    pub kernel_stable: Duration,
    /// How long a request waits for a JupyterLab that is still starting.
    pub lab_start: Duration,
    /// Longest pause between two attempts to start JupyterLab; the first pause is half a second.
    pub lab_backoff: Duration,
    /// Last bytes of a process's stderr that are kept for the report of its death.
    pub stderr_tail_bytes: usize,
    /// Largest JSON body of a request that the agent itself answers.
    pub body_bytes: usize,
    /// Largest message accepted from a client's WebSocket.
    pub websocket_message_bytes: usize,
    /// Requests of all clients that wait for a busy kernel; then the clients' WebSockets are not read.
    pub inbound_messages: usize,
    /// How much of what a kernel says is kept.
    pub journal: JournalLimits,
    /// How long a keeper stays after its kernel's end, for clients that still read.
    pub last_words: Duration,
    /// How long a keeper waits for another agent when one was killed, before it ends its kernel.
    pub agent_absence: Duration,
    /// Pause after a connection that a keeper could not accept.
    pub accept_again: Duration,
    /// Longest pause before an agent that was killed is started again; the first follows at once.
    pub agent_backoff: Duration,
    /// How long one write to a client may take before it is disconnected.
    pub client_write: Duration,
    /// Pause between two pings to a client.
    pub ping_every: Duration,
    /// A client that sent nothing, not even a pong, for this long is disconnected.
    pub client_silence: Duration,
    /// Longest value of an environment variable that a client may give to a kernel, in bytes.
    pub kernel_env_bytes: usize,
    /// Longest pause between two attempts to fetch a data token; the first pause is one second.
    pub token_backoff: Duration,
    /// How long one attempt to fetch a data token may take.
    pub token_fetch: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            kernels: 40,
            kernel_start: Duration::from_secs(60),
            warm_start: Duration::from_secs(180),
            warm_fork: Duration::from_secs(1),
            warm_pause: Duration::from_secs(3),
            kernel_grace: Duration::from_millis(1000),
            terminate_grace: Duration::from_millis(700),
            kernel_restarts: 3,
            kernel_stable: Duration::from_secs(30),
            lab_start: Duration::from_secs(60),
            lab_backoff: Duration::from_secs(30),
            stderr_tail_bytes: 8 * 1024,
            body_bytes: 1024 * 1024,
            websocket_message_bytes: 256 * 1024 * 1024,
            inbound_messages: 256,
            journal: JournalLimits {
                disk_bytes: 512 * 1024 * 1024,
                segment_bytes: 16 * 1024 * 1024,
                memory_bytes: 4 * 1024 * 1024,
                sync_every: Duration::from_secs(1),
            },
            last_words: Duration::from_secs(5),
            agent_absence: Duration::from_secs(30),
            accept_again: Duration::from_millis(100),
            agent_backoff: Duration::from_millis(500),
            client_write: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            client_silence: Duration::from_secs(90),
            kernel_env_bytes: 4096,
            token_backoff: Duration::from_secs(30),
            token_fetch: Duration::from_secs(10),
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be opened or read.
    #[error("cannot read the configuration {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no [`LabConfig`].
    #[error("{} is not a lab configuration", path.display())]
    NotALab {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The base URL lacks a slash at an end, or has characters that a route cannot have.
    #[error("base_url {0:?} must start and end with '/' and have neither braces nor spaces")]
    BaseUrl(String),
    /// A directory is missing.
    #[error("the directory {} does not exist: create it before the lab starts", .0.display())]
    NoDirectory(PathBuf),
    /// Sockets in this directory would have paths that the system does not accept.
    #[error("the path {} is too long for Unix sockets: use one of at most {RUN_DIR_MAX_BYTES} bytes", .0.display())]
    RunDirTooLong(PathBuf),
    /// An empty secret would let everybody in.
    #[error("agent_secret is empty: give the lab a random secret")]
    NoSecret,
}

impl Config {
    /// Reads `path` as [`LabConfig`] and adds default limits and the search path of this process.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let lab = serde_json::from_slice(&text)
            .map_err(|source| ConfigError::NotALab { path: path.to_owned(), source })?;
        Self::new(lab)
    }

    /// The configuration of `lab` with default limits and the search path of this process.
    pub fn new(lab: LabConfig) -> Result<Self, ConfigError> {
        check(&lab)?;
        let search_path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        Ok(Self { lab, limits: Limits::default(), search_path })
    }
}

fn check(lab: &LabConfig) -> Result<(), ConfigError> {
    let base = &lab.base_url;
    let plain = !base.contains(|c: char| "{}".contains(c) || c.is_whitespace());
    if !(base.starts_with('/') && base.ends_with('/') && plain) {
        return Err(ConfigError::BaseUrl(base.clone()));
    }
    for directory in [&lab.home, &lab.run_dir] {
        if !directory.is_dir() {
            return Err(ConfigError::NoDirectory(directory.clone()));
        }
    }
    if lab.run_dir.as_os_str().len() > RUN_DIR_MAX_BYTES {
        return Err(ConfigError::RunDirTooLong(lab.run_dir.clone()));
    }
    if lab.agent_secret.is_empty() {
        return Err(ConfigError::NoSecret);
    }
    Ok(())
}
