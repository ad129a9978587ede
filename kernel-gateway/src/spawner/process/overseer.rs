//! The first process of a lab, as this gateway has it.

use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;

use crate::spawner::state_file::Record;

/// A lab's overseer.
pub enum Overseer {
    /// We have started it.
    Started {
        /// The process.
        child: Child,
        /// It reads this until we are gone.
        _input: Option<ChildStdin>,
    },
    /// An earlier gateway has started it.
    Inherited {
        /// The process.
        record: Record,
        /// Open until one of us is gone.
        leash: UnixStream,
    },
}

impl Overseer {
    /// One that was just started.
    pub fn started(mut child: Child) -> Self {
        // Waiting for a child closes its input, unless that is kept elsewhere.
        let input = child.stdin.take();
        Self::Started { child, _input: input }
    }

    /// Its process id, which is also that of its group; never 0, which would mean our own.
    pub fn pid(&self) -> i32 {
        match self {
            Self::Started { child, .. } => child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .expect("a child not yet waited for has a pid"),
            Self::Inherited { record, .. } => record.pid,
        }
    }

    /// Waits for its end; how it ended, as far as that is known.
    pub async fn end(&mut self) -> String {
        match self {
            Self::Started { child, .. } => match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => format!("it was lost: {error}"),
            },
            Self::Inherited { leash, .. } => {
                let mut sink = [0; 64];
                while matches!(leash.read(&mut sink).await, Ok(count) if count > 0) {}
                "it was started by an earlier gateway".into()
            }
        }
    }

    /// TERM to it, which makes it end its kernels in order; KILL to the whole group when that takes too long.
    pub async fn stop(&mut self, within: Duration) {
        self.send(|pid| kill(pid, Signal::SIGTERM));
        if timeout(within, self.end()).await.is_err() {
            self.send(|pid| killpg(pid, Signal::SIGKILL));
            self.end().await;
        }
    }

    fn send(&self, signal: impl FnOnce(Pid) -> nix::Result<()>) {
        // A child has not been waited for, so that its pid cannot belong to anybody else.
        let is_there = match self {
            Self::Started { .. } => true,
            Self::Inherited { record, .. } => record.is_alive(),
        };
        if is_there {
            let _ = signal(Pid::from_raw(self.pid()));
        }
    }
}
