//! The first process of a lab: it holds the lab's socket and starts the agent, and starts it again when that is
//! killed. It does nothing else, so that there is little for it to die of.
//!
//! The socket outlives agents: clients that come while there is none wait for the next. The overseer is the parent of
//! everything that lost its own in the lab, and when it ends, however it ends, so does everything else
//! (`keeper/orphan.rs`): nothing outlives the platform.

mod leash;

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::config::{Config, Limits};
use leash::Leash;

/// The first pause before an agent that was killed soon after its start is started again; it doubles up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// An agent that lived this long earns an immediate start of the next.
const STABLE: Duration = Duration::from_secs(1);
/// How long what agents have left may take to end after the last one has ended.
const LEFTOVERS: Duration = Duration::from_secs(2);
/// How often leftovers are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Runs the lab that the file describes until `stop` says why it has to end, or nobody holds it any more. `holder`
/// ends when the one who started the lab does.
pub async fn run(
    config_file: &Path,
    stop: impl Future<Output = &'static str>,
    holder: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let config = Config::read(config_file)?;
    let addr = config.lab.listen;
    let socket = TcpListener::bind(addr)
        .with_context(|| format!("cannot listen on {addr}: choose another address, or port 0"))?;
    set_child_subreaper(true).context("cannot become the parent of the lab's processes")?;
    let leash = Leash::new(&config.lab).context("cannot make the socket for the next gateway")?;
    let let_go = async {
        match &leash {
            Some(leash) => leash.is_let_go(holder).await,
            None => holder.await,
        }
    };
    // Not dropped before everything has ended: the gateway reads from its end of the connection that it has.
    tokio::pin!(let_go);
    let agents = Agents { config_file, socket, limits: &config.limits };
    let reason = tokio::select! {
        reason = stop => reason,
        () = &mut let_go => "the gateway is gone",
        ended = agents.keep_running() => return ended,
    };
    tracing::info!("stopping the lab: {reason}");
    agents.stop().await;
    Ok(())
}

struct Agents<'a> {
    config_file: &'a Path,
    socket: TcpListener,
    limits: &'a Limits,
}

impl Agents<'_> {
    /// Starts one agent after the other; returns when one ends by itself.
    async fn keep_running(&self) -> anyhow::Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            let born = Instant::now();
            let agent = self.start()?;
            match end_of(Pid::from_raw(i32::try_from(agent.id())?)).await? {
                WaitStatus::Exited(_, 0) => return Ok(()),
                WaitStatus::Exited(_, code) => bail!("the agent ended with exit status {code}"),
                status => tracing::warn!("the agent was killed, and is started again: {status:?}"),
            }
            if born.elapsed() >= STABLE {
                pause = FIRST_PAUSE;
            } else {
                sleep(pause).await;
                pause = (pause * 2).min(self.limits.agent_backoff);
            }
        }
    }

    fn start(&self) -> anyhow::Result<Child> {
        let mut agent = Command::new(std::env::current_exe()?);
        agent.arg("serve").arg("--config").arg(self.config_file);
        agent.stdin(OwnedFd::from(self.socket.try_clone()?));
        agent.spawn().context("cannot start the agent")
    }

    /// Asks everything that is left to end, and waits for that.
    async fn stop(&self) {
        signal_children(Signal::SIGTERM);
        let gone = async {
            while collect_dead() {
                sleep(LOOK).await;
            }
        };
        let within = self.limits.kernel_grace + self.limits.terminate_grace * 2 + LEFTOVERS;
        if timeout(within, gone).await.is_err() {
            tracing::warn!("some processes of the lab did not end in time and are killed");
            signal_children(Signal::SIGKILL);
        }
    }
}

/// Waits for the end of one child, and collects every other that ends meanwhile.
async fn end_of(agent: Pid) -> anyhow::Result<WaitStatus> {
    let mut deaths = signal(SignalKind::child())?;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(status) if status.pid() == Some(agent) => return Ok(status),
            Ok(WaitStatus::StillAlive) => drop(deaths.recv().await),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error).context("cannot wait for the agent"),
        }
    }
}

/// Collects children that are dead; whether others are left.
fn collect_dead() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return true,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
    }
}

/// Our children, the agent and those that lost their parents (proc_pid_task_children(5)).
fn signal_children(signal: Signal) {
    let own = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
    for pid in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
