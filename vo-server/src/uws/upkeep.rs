//! What a server does about jobs again and again: it says that it is there, takes over the jobs of servers that are not,
//! stops those that were stopped elsewhere, and removes jobs whose time has come.
//!
//! A server that was only silent, and not dead, does no harm: its runs are not the newest of their jobs any more, and
//! only the newest may announce a result. Clocks of servers that share a database have to agree within seconds.

use std::time::Duration;

use super::jobs::Jobs;
use super::results;
use super::runner::Runner;
use crate::app::App;
use crate::state::{StateError, now};

/// Keeps the jobs of a server in order.
pub(crate) struct Upkeep {
    app: App,
}

impl Upkeep {
    /// The upkeep of `app`.
    pub(crate) fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    /// Takes up the jobs of servers that ended, and removes what they left.
    pub(crate) async fn recover(&self) -> Result<(), StateError> {
        if !self.app.state.database().is_shared() {
            // The file is this server's alone: all others have ended.
            self.jobs().forget_servers(now() + 1).await?;
        }
        self.look().await?;
        results::remove_leftovers(&self.app.state).await
    }

    /// Looks again and again, until the server closes.
    pub(crate) async fn go_on(self) {
        let limits = self.app.config.jobs;
        let look = async {
            // Nobody else could end, or stop a job.
            if self.app.state.database().is_shared() {
                again(limits.look_every, "failed to look after jobs", || self.look()).await;
            }
        };
        let sweep = again(limits.sweep_every, "failed to remove old jobs", || self.sweep());
        let both = async { tokio::join!(look, sweep) };
        self.app.closing.run_until_cancelled(both).await;
    }

    /// Ends this server for the others, so that they take its jobs over at once.
    pub(crate) async fn leave(&self) {
        if let Err(error) = self.jobs().leave().await {
            tracing::warn!(%error, "other servers will wait before they take over jobs of this one");
        }
    }

    async fn look(&self) -> Result<(), StateError> {
        let (jobs, running) = (self.jobs(), &self.app.running);
        jobs.announce_server().await?;
        let here = running.ids();
        let active = jobs.active_here().await?;
        for id in here.iter().filter(|id| !active.contains(id.as_str())) {
            running.stop(id);
        }
        let silent = now() - self.app.config.jobs.silent_seconds;
        let taken = jobs.take_over(silent).await?;
        if !taken.is_empty() {
            tracing::info!(jobs = taken.len(), "taking over jobs of a server that ended");
        }
        for id in taken {
            Runner::new(&self.app).spawn(id);
        }
        jobs.forget_servers(silent).await
    }

    async fn sweep(&self) -> Result<(), StateError> {
        for id in self.jobs().expired().await? {
            Runner::new(&self.app).remove(&id).await?;
        }
        Ok(())
    }

    fn jobs(&self) -> Jobs<'_> {
        Jobs::new(&self.app.state)
    }
}

async fn again<F: Future<Output = Result<(), StateError>>>(
    every: Duration,
    failure: &str,
    mut work: impl FnMut() -> F,
) {
    loop {
        if let Err(error) = work().await {
            tracing::error!(%error, "{failure}");
        }
        tokio::time::sleep(every).await;
    }
}
