//! The stock `jupyter lab` of this lab: a child process behind a Unix socket, and the way of requests to it.
//!
//! It serves pages, files, settings and terminals. It knows nothing of kernels: those calls never reach it.

pub mod child;
pub mod proxy;

use std::path::PathBuf;

use tokio::sync::watch;

/// What JupyterLab is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabState {
    /// Its process runs and does not answer yet.
    Starting,
    /// It answers.
    Ready,
    /// It ended, in these words; it will be started again.
    Failed(String),
}

/// JupyterLab as the rest of the agent sees it.
pub struct Lab {
    /// What it is doing.
    pub state: watch::Sender<LabState>,
    /// Where it listens.
    pub socket: PathBuf,
}
