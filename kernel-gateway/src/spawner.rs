//! What it takes to run labs somewhere: one trait, and its two implementations, with processes of this machine and with
//! pods of a Kubernetes cluster.

mod home;
mod kubernetes;
mod log;
mod marked;
mod process;
mod run_dir;
mod state_file;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use api::names::Username;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt as _, pending};
use thiserror::Error;

use crate::identity::IdentityError;

pub use kubernetes::{ClusterError, KubernetesSpawner, LabKey};
pub use process::ProcessSpawner;

/// A lab that somebody asked for.
#[derive(Clone)]
pub struct LabOrder {
    /// Whose lab.
    pub user: Username,
    /// The path below which the browser sees it, `/user/{name}/`.
    pub base_url: String,
    /// What the gateway will send as Bearer to the agent, unless the spawner has secrets of its own.
    pub agent_secret: String,
    /// What the agent sends as Bearer for data tokens, unless the spawner has secrets of its own.
    pub lab_secret: String,
    /// Where it gets them.
    pub token_url: String,
    /// Arrow Flight location for kernels.
    pub flight_url: String,
    /// The certificate authority to trust.
    pub ca_file: Option<PathBuf>,
    /// Seconds after which an idle kernel is shut down; 0 for never.
    pub kernel_idle_seconds: u64,
}

/// A lab whose agent answers.
pub struct RunningLab {
    /// Where the agent listens.
    pub addr: SocketAddr,
    /// What it wants to see as Bearer.
    pub agent_secret: String,
    /// Resolves once nothing of the lab runs any more.
    pub ended: BoxFuture<'static, Ended>,
}

/// How a lab ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Because of [`Spawner::stop`].
    Asked,
    /// By itself.
    Unasked {
        /// In a sentence.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
}

/// Whether a spawner has something running for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// A lab, starting or started.
    Present,
}

/// Why a lab could not be started.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// There is one already.
    #[error("the lab of {0} runs already: stop it first")]
    Present(Username),
    /// A file or directory could not be made.
    #[error("failed to prepare {path}: check that its directory exists, is yours and has room")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Sockets would not fit into a system call.
    #[error(
        "the run directory {path} is too long: with {bytes} bytes its sockets would pass the 107 of a Unix \
         socket path; choose one with at most {limit}"
    )]
    RunDirTooLong {
        /// The lab's part of it.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// The longest that works.
        limit: usize,
    },
    /// Another gateway of this installation uses the directory.
    #[error("another gateway uses the run directory {0}: stop that one, or choose another directory")]
    RunDirInUse(PathBuf),
    /// The agent program could not be run.
    #[error("failed to run {program}: is it installed?")]
    Program {
        /// Which.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended before it answered.
    #[error("{reason}")]
    Ended {
        /// In a sentence.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
    /// It was stopped while it started.
    #[error("the lab was stopped while it started")]
    Stopped,
    /// It did not answer in time.
    #[error("the agent did not answer within {} seconds", within.as_secs())]
    TooSlow {
        /// The limit.
        within: Duration,
        /// The last lines of its log.
        log: String,
    },
    /// The cluster could not or would not.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Whose lab it is could not be found out.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Tells the person who waits what the lab waits for, in a sentence.
pub type Tell<'a> = &'a (dyn Fn(String) + Send + Sync);

impl From<SpawnError> for Ended {
    fn from(error: SpawnError) -> Self {
        let reason = match std::error::Error::source(&error) {
            Some(cause) => format!("{error} ({cause})"),
            None => error.to_string(),
        };
        match error {
            SpawnError::Stopped => Self::Asked,
            SpawnError::Ended { log, .. } | SpawnError::TooSlow { log, .. } => Self::Unasked { reason, log },
            SpawnError::Present(_)
            | SpawnError::File { .. }
            | SpawnError::RunDirTooLong { .. }
            | SpawnError::RunDirInUse(_)
            | SpawnError::Program { .. }
            | SpawnError::Cluster(_)
            | SpawnError::Identity(_) => Self::Unasked { reason, log: String::new() },
        }
    }
}

/// Runs labs. At most one per user.
pub trait Spawner: Send + Sync + 'static {
    /// Labs that an earlier gateway has left running, as they were ordered. Each is then either
    /// started with this order, which waits until its agent answers, or stopped.
    fn left(&self) -> Vec<LabOrder> {
        Vec::new()
    }

    /// Whether labs are kept from each other and from the gateway. Otherwise nobody outside this machine is served.
    fn isolates_users(&self) -> bool {
        false
    }

    /// Whether labs go on when the gateway ends.
    fn outlives_gateway(&self) -> bool {
        false
    }

    /// Whose labs run or come to run without an order of ours: those that there are first, then each that another
    /// gateway has started. They are to be resumed.
    fn found(&self) -> BoxStream<'static, Username> {
        pending().boxed()
    }

    /// Starts a lab and waits until its agent answers. Dropping the future does not stop the lab.
    fn start<'a>(
        &'a self,
        order: &'a LabOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>>;

    /// Like [`Spawner::start`] for a lab that was started already, and never starts one that was not.
    fn resume<'a>(
        &'a self,
        order: &'a LabOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        self.start(order, tell)
    }

    /// Ends a user's lab with all its processes, and waits for that. No lab is fine too.
    fn stop<'a>(&'a self, user: &'a Username) -> BoxFuture<'a, ()>;

    /// Whether a user has a lab here.
    fn state(&self, user: &Username) -> Presence;

    /// Whose lab shows this secret, where the spawner gives labs secrets of its own.
    fn owner_of(&self, _lab_secret: &str) -> Option<Username> {
        None
    }

    /// The last lines of the log of a user's lab, running or ended.
    fn log(&self, user: &Username) -> String;
}
