//! All kernels of the lab by id.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::kernel::Kernel;
use super::launch::{self, Launch, StartError, StartRequest};
use super::spec::{self, KernelSpec};
use super::warm::Warm;
use crate::config::Config;

/// The kernels of the lab.
pub struct Kernels {
    config: Arc<Config>,
    overseer: u32,
    places: Arc<Semaphore>,
    closing: CancellationToken,
    watches: TaskTracker,
    running: Mutex<BTreeMap<Uuid, Arc<Kernel>>>,
    newcomers: mpsc::Sender<Arc<Kernel>>,
    warm: Warm,
}

impl Kernels {
    /// The kernels that an earlier agent left running, and all that come, one by one. `overseer` is the process that
    /// starts agents.
    pub fn find(config: Arc<Config>, overseer: u32) -> (Arc<Self>, mpsc::Receiver<Arc<Kernel>>) {
        let places = Arc::new(Semaphore::new(config.limits.kernels));
        let (closing, watches, running, warm) = Default::default();
        let (newcomers, all) = mpsc::channel(config.limits.kernels.max(1));
        let kernels = Arc::new(Self { config, overseer, places, closing, watches, running, newcomers, warm });
        for launch in launch::all(&kernels.config.lab.run_dir) {
            let (id, directory) = (launch.kernel, launch.directory());
            match Kernel::attach_to(launch) {
                Ok((kernel, watching)) => {
                    kernels.watch(kernel, watching, kernels.places.clone().try_acquire_owned().ok())
                }
                Err(error) => {
                    tracing::warn!(kernel.id = %id, "kernel {id} did not survive: {error}");
                    let _ = fs::remove_dir_all(directory);
                }
            }
        }
        (kernels, all)
    }

    /// Starts a kernel; returns when it answers. It starts also when the caller does not wait.
    pub async fn start(self: &Arc<Self>, request: StartRequest) -> Result<Arc<Kernel>, StartError> {
        let name = request.spec.clone().unwrap_or_else(|| spec::DEFAULT.to_owned());
        let refused = |problem: String| StartError::Refused(problem);
        spec::check_name(&name).map_err(refused)?;
        if request.path.as_deref().is_some_and(launch::leads_out) {
            return Err(refused("its path has parts that lead out of the home directory".into()));
        }
        let spec = spec::find(&self.config.lab, &name).ok_or(StartError::UnknownSpec(name))?;
        spec.check().map_err(refused)?;
        if self.closing.is_cancelled() {
            return Err(StartError::Stopping);
        }
        let limit = self.config.limits.kernels;
        let place = self.places.clone().try_acquire_owned().map_err(|_| StartError::TooMany(limit))?;
        let kernels = self.clone();
        let launched = tokio::spawn(async move {
            let (kernel, watching) = kernels.launch(&spec, request).await?;
            kernels.watch(kernel.clone(), watching, Some(place));
            std::io::Result::Ok(kernel)
        });
        let kernel = launched.await.map_err(std::io::Error::other)??;
        kernel.begun().await?;
        Ok(kernel)
    }

    /// Starts a keeper: forked of the warm Python where that will do.
    async fn launch(
        &self,
        spec: &KernelSpec,
        request: StartRequest,
    ) -> std::io::Result<(Arc<Kernel>, BoxFuture<'static, ()>)> {
        let launch = |request| Launch::new(&self.config, spec, request, self.overseer);
        if spec.is_plain_python(&self.config.lab) {
            let launch = launch(request.clone());
            launch.write()?;
            if self.warm.fork(&launch, self.config.limits.warm_fork).await {
                let (kernel, watching) = Kernel::attach_to(launch)?;
                return Ok((kernel, watching.boxed()));
            }
            // Its keeper may come late; without this it cannot begin.
            launch.forget()?;
        }
        let (kernel, watching) = Kernel::start(launch(request))?;
        Ok((kernel, watching.boxed()))
    }

    fn watch(
        self: &Arc<Self>,
        kernel: Arc<Kernel>,
        watching: impl Future<Output = ()> + Send + 'static,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let kernels = self.clone();
        self.locked().insert(kernel.id, kernel.clone());
        self.watches.spawn(async move {
            // Its receiver lives as long as the agent.
            let _ = kernels.newcomers.send(kernel.clone()).await;
            watching.await;
            kernels.locked().remove(&kernel.id);
            drop(place);
        });
    }

    /// The kernel with this id.
    pub fn get(&self, id: Uuid) -> Option<Arc<Kernel>> {
        self.locked().get(&id).filter(|kernel| !kernel.is_gone()).cloned()
    }

    /// All kernels, in no particular order.
    pub fn list(&self) -> Vec<Arc<Kernel>> {
        self.locked().values().filter(|kernel| !kernel.is_gone()).cloned().collect()
    }

    /// Shuts all down, at once, and those that are just starting too; returns when their keepers are gone. No kernel
    /// starts afterwards.
    pub async fn shut_down_all(&self) {
        self.closing.cancel();
        self.warm.end().await;
        let all: Vec<_> = self.locked().values().cloned().collect();
        join_all(all.iter().map(|kernel| async {
            kernel.shut_down().await;
            kernel.left().await;
        }))
        .await;
        self.watches.close();
        self.watches.wait().await;
    }

    /// Keeps a Python warm for kernels to come, for ever.
    pub async fn keep_warm(&self) {
        self.warm.keep(&self.config).await;
    }

    /// Whether the next kernel of the lab's own Python starts warm.
    pub async fn are_warm(&self) -> bool {
        self.warm.is_there().await
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
