//! Labs as process groups of this machine, under our own operating-system user.
//!
//! A lab outlives us for a while: it waits for the next gateway, which finds it in the state file and holds it again.
//! Everything else that a killed platform left is found by its mark and ended then. Users are not isolated from each
//! other.

mod keep;
mod overseer;
mod prepare;
mod survivor;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::names::Username;
use futures::FutureExt;
use futures::future::BoxFuture;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::marked::Marks;
use super::run_dir::RunDir;
use super::state_file::{Record, StateFile, start_time_ticks};
use super::{Ended, LabOrder, Presence, RunningLab, SpawnError, Spawner, Tell};
use crate::config::{Config, LabEnvironment, LabLimits, ProcessSpawnerConfig, WelcomeFile};
use overseer::Overseer;
use survivor::Survivor;

/// How long the left-overs of an earlier gateway may take to end.
const SWEEP_GRACE: Duration = Duration::from_secs(2);

/// The `process` spawner.
pub struct ProcessSpawner {
    shared: Arc<Shared>,
    /// Labs that run since before us, until somebody starts or stops them.
    left: Mutex<HashMap<Username, (LabOrder, oneshot::Receiver<Ended>)>>,
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
    /// Takes the run directory and the labs that an earlier gateway of this installation left running, and ends what
    /// else is left.
    pub async fn open(
        config: &Config,
        programs: ProcessSpawnerConfig,
        installation: Uuid,
    ) -> Result<Self, SpawnError> {
        let run_dir = RunDir::open(programs.run_dir.clone())?;
        let state_file = StateFile::new(run_dir.path());
        let shared = Arc::new(Shared {
            programs,
            environment: config.environment.clone(),
            welcome: config.welcome.clone(),
            limits: config.lab,
            installation: installation.to_string(),
            run_dir,
            state_file,
            labs: Mutex::default(),
        });
        let records = shared.state_file.read();
        let survivors = shared.survivors(records.clone()).await;
        shared.sweep(&survivors, records).await;
        let held = survivors.into_iter().map(|survivor| {
            let Survivor { record, order, overseer } = survivor;
            (order.user.clone(), (order, shared.clone().hold(record, overseer)))
        });
        Ok(Self { left: Mutex::new(held.collect()), shared: shared.clone() })
    }

    async fn start_lab(&self, order: &LabOrder) -> Result<RunningLab, SpawnError> {
        let left = self.left().remove(&order.user);
        if let Some((_, ended)) = left {
            return self.shared.wait_until_ready(order, ended).await;
        }
        if self.state(&order.user) == Presence::Present {
            return Err(SpawnError::Present(order.user.clone()));
        }
        let (shared, ordered) = (self.shared.clone(), order.clone());
        let prepared = tokio::task::spawn_blocking(move || shared.prepare(&ordered));
        let mut command = prepared.await.expect("preparing a lab does not panic")?;
        let child = command
            .spawn()
            .map_err(|source| SpawnError::Program { program: self.shared.programs.agent.clone(), source })?;
        let overseer = Overseer::started(child);
        let record = self.shared.record(&order.user, overseer.pid());
        let ended = self.shared.clone().hold(record, overseer);
        self.shared.wait_until_ready(order, ended).await
    }

    fn left(&self) -> MutexGuard<'_, HashMap<Username, (LabOrder, oneshot::Receiver<Ended>)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spawner for ProcessSpawner {
    fn left(&self) -> Vec<LabOrder> {
        Self::left(self).values().map(|(order, _)| order.clone()).collect()
    }

    fn start<'a>(
        &'a self,
        order: &'a LabOrder,
        _tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RunningLab, SpawnError>> {
        self.start_lab(order).boxed()
    }

    fn stop<'a>(&'a self, user: &'a Username) -> BoxFuture<'a, ()> {
        async move {
            self.left().remove(user);
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
    /// Ends every process of this installation's labs and removes their directories, but for those of the survivors.
    async fn sweep(&self, survivors: &[Survivor], records: Vec<Record>) {
        let kept: Vec<_> = survivors.iter().map(|survivor| survivor.order.user.clone()).collect();
        let mut marks = Marks::new([(Marks::LAB, &self.installation)]);
        kept.iter().for_each(|user| marks.spare(Marks::USER, user.as_str()));
        marks.end(SWEEP_GRACE).await;
        for record in records.into_iter().filter(|record| !kept.contains(&record.user)) {
            // Only an agent whose environment we may not read gets here.
            if record.is_alive() {
                tracing::warn!(lab.user = %record.user, pid = record.pid, "killing a lab of an earlier gateway");
                let _ = killpg(Pid::from_raw(record.pid), Signal::SIGKILL);
            }
        }
        self.run_dir.clear(&kept);
        self.write_state();
    }

    fn record(&self, user: &Username, pid: i32) -> Record {
        Record {
            user: user.clone(),
            pid,
            start_time_ticks: start_time_ticks(pid).unwrap_or_default(),
            run_dir: self.run_dir.lab(user).path().to_owned(),
        }
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
