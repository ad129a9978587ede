//! Labs as process groups of this machine, under our own operating-system user.
//!
//! Nothing outlives us: an agent notices our end by its standard input and by a signal, and what is left of a
//! killed platform is found by its mark and ended at the next start. Users are not isolated from each other.

mod keep;
mod prepare;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::names::Username;
use futures::FutureExt;
use futures::future::BoxFuture;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::forker::Forker;
use super::marked::Marks;
use super::run_dir::RunDir;
use super::state_file::{Record, StateFile, start_time_ticks};
use super::{LabOrder, Presence, RunningLab, SpawnError, Spawner};
use crate::config::{Config, LabEnvironment, LabLimits, ProcessSpawnerConfig, WelcomeFile};

/// How long the left-overs of an earlier gateway may take to end.
const SWEEP_GRACE: Duration = Duration::from_secs(2);

/// The `process` spawner.
pub struct ProcessSpawner {
    forker: Forker,
    shared: Arc<Shared>,
}

/// What the tasks that keep labs need as well.
struct Shared {
    programs: ProcessSpawnerConfig,
    environment: LabEnvironment,
    welcome: Vec<WelcomeFile>,
    limits: LabLimits,
    installation: String,
    run_dir: RunDir,
    state_file: StateFile,
    labs: Mutex<HashMap<Username, Held>>,
}

/// A lab whose process we hold.
#[derive(Clone)]
struct Held {
    record: Record,
    stop: CancellationToken,
    gone: CancellationToken,
}

impl ProcessSpawner {
    /// Takes the run directory and ends what an earlier gateway of this installation left running.
    pub async fn open(config: &Config, installation: Uuid) -> Result<Self, SpawnError> {
        let run_dir = RunDir::open(config.spawner.run_dir.clone())?;
        let state_file = StateFile::new(run_dir.path());
        let forker = Forker::start().map_err(SpawnError::Thread)?;
        let shared = Shared {
            programs: config.spawner.clone(),
            environment: config.environment.clone(),
            welcome: config.welcome.clone(),
            limits: config.lab,
            installation: installation.to_string(),
            run_dir,
            state_file,
            labs: Mutex::default(),
        };
        shared.sweep().await;
        Ok(Self { forker, shared: Arc::new(shared) })
    }

    async fn start_lab(&self, order: &LabOrder) -> Result<RunningLab, SpawnError> {
        if self.state(&order.user) == Presence::Present {
            return Err(SpawnError::Present(order.user.clone()));
        }
        let (shared, ordered) = (self.shared.clone(), order.clone());
        let prepared = tokio::task::spawn_blocking(move || shared.prepare(&ordered));
        let command = prepared.await.expect("preparing a lab does not panic")?;
        let child = self.forker.spawn(command).await;
        let child = child
            .map_err(|source| SpawnError::Program { program: self.shared.programs.agent.clone(), source })?;
        let ended = self.shared.clone().hold(&order.user, child);
        self.shared.wait_until_ready(&order.user, ended).await
    }
}

impl Spawner for ProcessSpawner {
    fn start<'a>(&'a self, order: &'a LabOrder) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        self.start_lab(order).boxed()
    }

    fn stop<'a>(&'a self, user: &'a Username) -> BoxFuture<'a, ()> {
        async move {
            let held = self.shared.lock().get(user).cloned();
            if let Some(Held { record: _, stop, gone }) = held {
                stop.cancel();
                gone.cancelled().await;
            }
        }
        .boxed()
    }

    fn state(&self, user: &Username) -> Presence {
        if self.shared.lock().contains_key(user) { Presence::Present } else { Presence::Absent }
    }

    fn log(&self, user: &Username) -> String {
        self.shared.run_dir.lab(user).log()
    }
}

impl Shared {
    /// Ends every process of this installation's labs, and removes their directories.
    async fn sweep(&self) {
        Marks::new([(Marks::LAB, &self.installation)]).end(SWEEP_GRACE).await;
        for Record { user, pid, start_time_ticks: started, run_dir: _ } in self.state_file.read() {
            // Only an agent whose environment we may not read gets here.
            if start_time_ticks(pid) == Some(started) {
                tracing::warn!(lab.user = %user, pid, "killing a lab of an earlier gateway");
                let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
        self.run_dir.clear();
        self.write_state();
    }

    fn write_state(&self) {
        // The lock is held while writing, so that an older state cannot overwrite a newer one.
        let labs = self.lock();
        let records: Vec<_> = labs.values().map(|held| held.record.clone()).collect();
        if let Err(error) = self.state_file.write(&records) {
            tracing::warn!(%error, "failed to write which labs run: after a crash, the marks alone must find them");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Username, Held>> {
        self.labs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
