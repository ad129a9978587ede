//! A keeper without an owner ends. It has one while an agent is connected, and for a while after an agent was
//! killed; the overseer, which starts the next agent, must be there all the time.
//!
//! Linux tells us: it sends the parent-death signal when the agent ends, makes the overseer our parent, and sends
//! the signal again when that ends too (prctl(2), `PR_SET_PDEATHSIG` and `PR_SET_CHILD_SUBREAPER`).

use std::sync::Arc;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::kept::Kept;

/// Shuts the kernel down as soon as nobody owns it.
pub async fn stop_when_orphaned(kept: Arc<Kept>, overseer: u32) {
    tokio::select! {
        () = no_parent(overseer) => tracing::info!(kernel.id = %kept.id, "the lab of kernel {} is gone", kept.id),
        () = order_to_end() => tracing::info!(kernel.id = %kept.id, "kernel {} has to end", kept.id),
        () = no_agent(&kept) => tracing::warn!(kernel.id = %kept.id, "no agent asks for kernel {}", kept.id),
    }
    kept.stop.cancel();
}

/// The overseer sends this when it has to end itself and there is no agent.
async fn order_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    }
}

async fn no_parent(overseer: u32) {
    let overseer = i32::try_from(overseer).map_or(Pid::from_raw(0), Pid::from_raw);
    let first = getppid();
    let armed = signal(SignalKind::hangup()).map(|signals| (signals, set_pdeathsig(Signal::SIGHUP)));
    let Ok((mut signals, Ok(()))) = armed else {
        tracing::warn!("cannot hear of the agent's end: this kernel ends when no agent comes back");
        return std::future::pending().await;
    };
    while [first, overseer].contains(&getppid()) {
        if signals.recv().await.is_none() {
            return;
        }
    }
}

/// Waits until there was no agent for too long.
async fn no_agent(kept: &Kept) {
    let mut watchers = kept.watchers.subscribe();
    loop {
        // The sender is in `kept`: these waits cannot fail.
        let _ = watchers.wait_for(|count| *count == 0).await;
        if timeout(kept.limits.agent_absence, watchers.wait_for(|count| *count > 0)).await.is_err() {
            return;
        }
    }
}
