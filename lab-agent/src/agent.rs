//! Starts the parts of a lab, and stops them so that nothing stays behind.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::lab::LabReady;
use axum::serve::ListenerExt as _;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::activity::LastDeed;
use crate::config::Config;
use crate::kernels::Kernels;
use crate::lab::{Lab, LabState, child};
use crate::outputs::Outputs;
use crate::process::Launcher;
use crate::sessions::Sessions;
use crate::{routes, token};

/// How long open requests may take to end when the agent stops.
const LAST_REQUESTS: Duration = Duration::from_millis(300);

/// What the handlers of all routes share.
#[derive(Clone)]
pub struct Agent {
    /// The lab and its limits.
    pub config: Arc<Config>,
    /// Its kernels.
    pub kernels: Arc<Kernels>,
    /// Its sessions.
    pub sessions: Arc<Sessions>,
    /// What cells printed and nobody has seen.
    pub outputs: Arc<Outputs>,
    /// Its JupyterLab.
    pub lab: Arc<Lab>,
    /// When a person last did something outside kernels.
    pub last_deed: Arc<LastDeed>,
}

/// Why an agent does not start.
#[derive(Debug, Error)]
pub enum AgentError {
    /// The socket that we were given is of no use.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The ready file or the runtime directory cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A running agent. Dropping it kills the lab's processes; [`ServerHandle::shutdown_and_wait`] asks them first.
pub struct ServerHandle {
    addr: SocketAddr,
    config: Arc<Config>,
    kernels: Arc<Kernels>,
    stop: CancellationToken,
    server: JoinHandle<()>,
    lab: JoinHandle<()>,
    outputs: Arc<Outputs>,
    _background: [AbortOnDropHandle<()>; 4],
}

/// Starts the lab that `config` describes, or goes on with what an agent before this one has left running: answers
/// on `listener` as soon as this returns, while JupyterLab is still starting. `overseer` is the process to which
/// the whole lab belongs.
pub async fn start(
    config: Config,
    listener: std::net::TcpListener,
    overseer: u32,
) -> Result<ServerHandle, AgentError> {
    let config = Arc::new(config);
    let run_dir = &config.lab.run_dir;
    let written = |path: &Path, done: io::Result<()>| {
        done.map_err(|source| AgentError::Write { path: path.to_owned(), source })
    };
    // Kernels make their sockets with the permissions that they like; the directory is what protects them.
    written(run_dir, fs::set_permissions(run_dir, fs::Permissions::from_mode(0o700)))?;
    let runtime = run_dir.join("runtime");
    written(&runtime, fs::create_dir_all(&runtime))?;
    let addr = config.lab.listen;
    let listened = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    let listener = listened.map_err(|source| AgentError::Listen { addr, source })?;
    let addr = listener.local_addr().map_err(|source| AgentError::Listen { addr, source })?;
    let launcher = Launcher::new(&config.search_path, config.limits.stderr_tail_bytes);
    let lab =
        Arc::new(Lab { state: watch::Sender::new(LabState::Starting), socket: run_dir.join("jupyter.sock") });
    let mut lab_state = lab.state.subscribe();
    let (kernels, newcomers) = Kernels::find(config.clone(), overseer);
    let sessions = Arc::new(Sessions::read(&config.lab.run_dir, &kernels));
    let outputs = Arc::new(Outputs::new(config.lab.home.clone(), sessions.clone()));
    let agent = Agent {
        config: config.clone(),
        kernels: kernels.clone(),
        sessions,
        outputs: outputs.clone(),
        lab: lab.clone(),
        last_deed: Arc::new(LastDeed::now()),
    };
    let stop = CancellationToken::new();
    let lab = tokio::spawn(child::keep_running(config.clone(), launcher, lab, stop.clone()));
    let server = tokio::spawn(serve(listener, agent, stop.clone()));
    let (culled, warmed, fresh) = (kernels.clone(), kernels.clone(), config.clone());
    let background = [
        AbortOnDropHandle::new(tokio::spawn(async move { culled.cull().await })),
        AbortOnDropHandle::new(tokio::spawn(async move { token::keep_fresh(&fresh).await })),
        AbortOnDropHandle::new(tokio::spawn(outputs.clone().follow_all(newcomers))),
        AbortOnDropHandle::new(tokio::spawn(async move {
            // Whoever waits for JupyterLab must not wait for this too.
            let _ = lab_state.wait_for(|state| *state != LabState::Starting).await;
            warmed.keep_warm().await;
        })),
    ];
    announce(&config.lab.ready_file, &LabReady { addr, pid: overseer })?;
    Ok(ServerHandle { addr, config, kernels, outputs, stop, server, lab, _background: background })
}

async fn serve(listener: TcpListener, agent: Agent, stop: CancellationToken) {
    let listener = listener.tap_io(|connection| {
        // Without this every small message waits for the peer's delayed acknowledgement, 40 ms.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::warn!("cannot set TCP_NODELAY: {error}");
        }
    });
    let served = axum::serve(listener, routes::router(agent)).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!("the agent cannot serve: {error}");
    }
}

/// Writes the ready file as a whole, readable by its owner alone.
fn announce(file: &Path, ready: &LabReady) -> Result<(), AgentError> {
    let write = || {
        let new = file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        let writer = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        serde_json::to_writer(writer, ready)?;
        fs::rename(&new, file)
    };
    write().map_err(|source| AgentError::Write { path: file.to_owned(), source })
}

impl ServerHandle {
    /// Where the agent listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops kernels and JupyterLab side by side, empties the run directory, and returns when nothing is left.
    pub async fn shutdown_and_wait(mut self) {
        self.stop.cancel();
        let kernels = async {
            self.kernels.shut_down_all().await;
            self.outputs.are_home().await;
        };
        let (_, ended) = tokio::join!(kernels, &mut self.lab);
        if let Err(error) = ended {
            tracing::error!("JupyterLab could not be stopped in order: {error}");
        }
        if timeout(LAST_REQUESTS, &mut self.server).await.is_err() {
            self.server.abort();
        }
        empty(&self.config.lab.run_dir);
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.stop.cancel();
        self.lab.abort();
        self.server.abort();
    }
}

/// Removes what is in a directory and leaves the directory.
fn empty(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!("cannot remove {}: {error}", path.display());
        }
    }
}
