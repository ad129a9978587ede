//! The first process of a group: one that we have started, or a child that we came with.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

/// A child of this process.
pub enum Leader {
    /// Started by us.
    Child(Child),
    /// There before us: another program became this one and had it.
    Adopted(Pid),
}

impl Leader {
    /// Waits for its end. Nothing is lost when the wait is given up.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        match self {
            Self::Child(child) => child.wait().await,
            Self::Adopted(pid) => end_of(*pid).await,
        }
    }
}

async fn end_of(pid: Pid) -> io::Result<ExitStatus> {
    let mut deaths = signal(SignalKind::child())?;
    loop {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            // As wait(2) encodes them.
            Ok(WaitStatus::Exited(_, code)) => return Ok(ExitStatus::from_raw(code << 8)),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(ExitStatus::from_raw(signal as i32)),
            Ok(_) => drop(deaths.recv().await),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
