//! Child processes that never outlive their parent, agent or keeper: each leads a process group of its own, ends
//! when it is asked to, is killed when it does not, and dies with its parent even when that is killed.
//!
//! What a process prints on stderr is kept as a bounded tail, because that is what its death report needs.

mod leader;
mod tail;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncRead;
use tokio::process::Command;
use tokio::time::timeout;

use crate::environment::Variable;
use leader::Leader;
use tail::Tail;

/// How to start programs on this machine.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// `setpriv` of util-linux, which asks the kernel to kill its successor together with its parent.
    setpriv: Option<PathBuf>,
    stderr_tail_bytes: usize,
}

/// A program to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The program and its arguments; never a shell line.
    pub argv: Vec<OsString>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Variables on top of the agent's own.
    pub variables: Vec<Variable>,
}

/// A running process and everything that it started in its process group.
pub struct Group {
    leader: Leader,
    id: Pid,
    tail: Tail,
    ended: bool,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// The exit status or signal, in words.
    pub status: String,
    /// The last of what it printed on stderr.
    pub stderr: String,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stderr.trim_end() {
            "" => write!(f, "{}; its stderr is empty", self.status),
            stderr => write!(f, "{}. The end of its stderr:\n{stderr}", self.status),
        }
    }
}

impl Launcher {
    /// Looks for `setpriv` on `search_path`. Without it a killed agent leaves its children behind, and says so.
    pub fn new(search_path: &OsStr, stderr_tail_bytes: usize) -> Self {
        let setpriv = std::env::split_paths(search_path).map(|dir| dir.join("setpriv")).find(|p| p.is_file());
        if setpriv.is_none() {
            tracing::warn!("no setpriv on the path: kernels may survive this agent if it is killed");
        }
        Self { setpriv, stderr_tail_bytes }
    }

    /// Starts `program`. Call it only from the runtime's own threads: the kernel ties the child to the thread.
    pub fn start(&self, program: &Program) -> io::Result<Group> {
        let Program { argv, directory, variables } = program;
        let mut words = self.prefix().into_iter().chain(argv.iter().cloned());
        let first = words.next().ok_or_else(|| io::Error::other("the command line is empty"))?;
        let mut child = Command::new(first)
            .args(words)
            .current_dir(directory)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id =
            child.id().and_then(|id| i32::try_from(id).ok()).expect("a child not yet waited for has an id");
        let tail = Tail::of(child.stderr.take().expect("stderr is piped"), self.stderr_tail_bytes);
        Ok(Group { leader: Leader::Child(child), id: Pid::from_raw(id), tail, ended: false })
    }

    fn prefix(&self) -> Vec<OsString> {
        let Some(setpriv) = &self.setpriv else { return Vec::new() };
        vec![setpriv.clone().into(), "--pdeathsig".into(), "KILL".into(), "--".into()]
    }
}

impl Group {
    /// Takes over a child of this process, which leads a group already and prints its stderr to `stderr`.
    pub fn adopt(id: Pid, stderr: impl AsyncRead + Unpin + Send + 'static, stderr_tail_bytes: usize) -> Self {
        Self { leader: Leader::Adopted(id), id, tail: Tail::of(stderr, stderr_tail_bytes), ended: false }
    }

    /// Waits for the end of the leader, and then ends what is left of its group.
    pub async fn wait(&mut self) -> Death {
        let status = self.leader.wait().await;
        self.signal(Signal::SIGKILL);
        self.ended = true;
        let status = status.map_or_else(|error| error.to_string(), in_words);
        Death { status, stderr: self.tail.finish().await }
    }

    /// Sends `signal` to the whole group; a group that is gone needs none.
    pub fn signal(&self, signal: Signal) {
        if !self.ended {
            let _ = killpg(self.id, signal);
        }
    }

    /// SIGTERM, `grace`, SIGKILL; returns when the leader is gone.
    pub async fn terminate(&mut self, grace: Duration) {
        if self.ended {
            return;
        }
        self.signal(Signal::SIGTERM);
        if timeout(grace, self.wait()).await.is_err() {
            self.signal(Signal::SIGKILL);
            self.wait().await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

fn in_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit status {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(Signal::SIGKILL) => "it was killed by SIGKILL; the machine may have run out of memory".into(),
            Ok(signal) => format!("it was killed by {signal}"),
            Err(_) => format!("it was killed by signal {number}"),
        },
        (None, None) => "it ended".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Program {
        let argv = ["/bin/sh", "-c", line].map(OsString::from).to_vec();
        Program { argv, directory: "/".into(), variables: vec![("GREETING".into(), "hello".into())] }
    }

    fn launcher() -> Launcher {
        Launcher::new(OsStr::new("/usr/bin:/bin"), 16)
    }

    #[tokio::test]
    async fn a_death_report_has_the_status_and_the_last_bytes_of_stderr() {
        let mut group = launcher()
            .start(&shell("echo dropped-because-it-is-long >&2; echo $GREETING >&2; exit 3"))
            .expect("a shell starts");
        let expected =
            Death { status: "it ended with exit status 3".into(), stderr: "…t-is-long\nhello\n".into() };
        assert_eq!(group.wait().await, expected);
    }

    #[tokio::test]
    async fn a_process_that_ignores_sigterm_is_killed_after_its_grace() {
        let mut group = launcher()
            .start(&shell("trap '' TERM; echo up >&2; while :; do sleep 1; done"))
            .expect("a shell starts");
        group.tail.contains("up").await;
        group.terminate(Duration::from_millis(100)).await;
        assert_eq!(nix::sys::signal::kill(group.id, None), Err(nix::errno::Errno::ESRCH));
    }
}
