//! All kernels of the lab by id.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::kernel::Kernel;
use super::launch::{Launch, StartError, StartRequest};
use super::spec;
use super::supervisor::Supervisor;
use crate::config::Config;
use crate::process::Launcher;

/// The kernels of the lab.
pub struct Kernels {
    config: Arc<Config>,
    launcher: Launcher,
    places: Arc<Semaphore>,
    closing: CancellationToken,
    supervisors: TaskTracker,
    running: Mutex<BTreeMap<Uuid, Arc<Kernel>>>,
}

impl Kernels {
    /// No kernels yet.
    pub fn new(config: Arc<Config>, launcher: Launcher) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(config.limits.kernels));
        let (closing, supervisors, running) = Default::default();
        Arc::new(Self { config, launcher, places, closing, supervisors, running })
    }

    /// Starts a kernel; returns when it answers.
    pub async fn start(self: &Arc<Self>, request: StartRequest) -> Result<Arc<Kernel>, StartError> {
        let name = request.spec.clone().unwrap_or_else(|| spec::DEFAULT.to_owned());
        let spec = spec::find(&self.config.lab, &name).ok_or(StartError::UnknownSpec(name))?;
        let limits = &self.config.limits;
        let place =
            self.places.clone().try_acquire_owned().map_err(|_| StartError::TooMany(limits.kernels))?;
        let (kernel, orders) = Kernel::new(spec.name.clone(), limits.clone(), self.closing.child_token());
        let launch = Launch::new(self.config.clone(), self.launcher.clone(), spec, request);
        let supervisor = Supervisor::new(kernel.clone(), launch, orders, place);
        let process = supervisor.start().await?;
        self.locked().insert(kernel.id, kernel.clone());
        let (kernels, id) = (self.clone(), kernel.id);
        self.supervisors.spawn(async move {
            supervisor.watch_over(process).await;
            kernels.locked().remove(&id);
        });
        Ok(kernel)
    }

    /// The kernel with this id.
    pub fn get(&self, id: Uuid) -> Option<Arc<Kernel>> {
        self.locked().get(&id).filter(|kernel| !kernel.is_gone()).cloned()
    }

    /// All kernels, in no particular order.
    pub fn list(&self) -> Vec<Arc<Kernel>> {
        self.locked().values().filter(|kernel| !kernel.is_gone()).cloned().collect()
    }

    /// Shuts all down, at once, and those that are just starting too. No kernel starts afterwards.
    pub async fn shut_down_all(&self) {
        self.closing.cancel();
        self.supervisors.close();
        self.supervisors.wait().await;
    }

    /// Shuts kernels down that have been idle for `kernel_idle_seconds`, for ever. Connections do not count.
    pub async fn cull(&self) {
        let limit = match self.config.lab.kernel_idle_seconds {
            0 => return std::future::pending().await,
            seconds => Duration::from_secs(seconds),
        };
        let mut tick =
            tokio::time::interval((limit / 4).clamp(Duration::from_millis(250), Duration::from_secs(30)));
        loop {
            tick.tick().await;
            let idle: Vec<_> = self.list().into_iter().filter(|kernel| kernel.idle() >= limit).collect();
            for kernel in &idle {
                tracing::info!(kernel.id = %kernel.id, "kernel {} was idle for too long", kernel.id);
            }
            join_all(idle.iter().map(|kernel| kernel.shut_down())).await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<Uuid, Arc<Kernel>>> {
        self.running.lock().expect("no thread panics while it holds the kernels")
    }
}
