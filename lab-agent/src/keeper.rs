//! The keeper of one kernel: a small process that starts the kernel, stays with it, and writes down everything that
//! it says. `lab-agent keep` is this program.
//!
//! A kernel's broadcasts are lost when nobody listens, so whoever listens must live as long as the kernel. The agent
//! does not: it may be killed or replaced, finds the keepers' sockets again, and its clients go on from where they
//! were. The keeper knows neither notebooks nor HTTP.

mod connection;
mod door;
mod forked;
mod kept;
mod orphan;
mod process;
mod requests;
mod sessions;
mod status;
mod supervisor;

use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use tokio::net::UnixListener;
use tokio::time::timeout;

use crate::config::Limits;
use crate::kernels::Launch;
use forked::Forked;
use kept::Kept;
use supervisor::Supervisor;

/// Keeps the kernel that the file `launch` describes, until it is gone. Standard input is a socket that was bound for
/// us, so that the agent can connect before we have begun. `forked` is a child of ours that will be the kernel.
pub async fn run(launch: &Path, forked: Option<i32>) -> anyhow::Result<()> {
    let limits = Limits::default();
    let listener = std::os::unix::net::UnixListener::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    let forked = forked.map(|pid| Forked::adopt(pid, limits.stderr_tail_bytes)).transpose()?;
    let launch = Launch::read(launch).with_context(|| format!("cannot read {}", launch.display()))?;
    let (kept, orders) = Kept::new(&launch, limits.clone()).context("cannot make the journal")?;
    let orphan = tokio::spawn(orphan::stop_when_orphaned(kept.clone(), launch.overseer));
    let door = tokio::spawn(door::keep_open(listener, kept.clone()));
    let sync = tokio::spawn({
        let kept = kept.clone();
        async move { kept.journal.keep_synced().await }
    });
    let requests = tokio::spawn(requests::carry(kept.clone()));
    let supervisor = Supervisor::new(kept.clone(), launch, orders);
    match supervisor.start(forked).await {
        Ok(process) => {
            kept.begin();
            supervisor.watch_over(process).await;
        }
        Err(error) => kept.fail(error),
    }
    kept.end();
    // Who still reads gets the last words; who does not read must not keep us.
    let _ = timeout(limits.last_words, kept.until_nobody_is_here()).await;
    [orphan, door, requests].iter().for_each(tokio::task::JoinHandle::abort);
    sync.await.context("the journal was not brought to the disk")
}
