//! The life of a kernel: processes come and go, the kernel stays until it is shut down or dies too often.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::kernel::{Kernel, Order};
use super::launch::{Launch, StartError};
use super::model::ExecutionState;
use super::process::KernelProcess;
use crate::process::Death;

/// The owner of a kernel's process.
pub struct Supervisor {
    kernel: Arc<Kernel>,
    launch: Launch,
    orders: mpsc::Receiver<Order>,
    restarts: u32,
    _place: OwnedSemaphorePermit,
}

/// What ends a process.
enum End {
    Stopped,
    Restart(oneshot::Sender<Result<(), StartError>>),
    Died(Death),
}

impl Supervisor {
    /// The supervisor of `kernel`, which takes `place` among the lab's kernels.
    pub fn new(
        kernel: Arc<Kernel>,
        launch: Launch,
        orders: mpsc::Receiver<Order>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { kernel, launch, orders, restarts: 0, _place: place }
    }

    /// Starts the first process.
    pub async fn start(&self) -> Result<KernelProcess, StartError> {
        self.start_unless_stopped().await.ok_or(StartError::Stopping)?
    }

    /// Watches over `first` and all that follow it; returns when the kernel is gone.
    pub async fn watch_over(mut self, first: KernelProcess) {
        let mut next = Some(first);
        while let Some(process) = next.take() {
            self.kernel.connection.send_replace(Some(process.connection.clone()));
            next = self.life_of(process).await;
        }
        self.kernel.end().await;
    }

    /// Waits for the end of `process` and returns its successor, if it has one.
    async fn life_of(&mut self, mut process: KernelProcess) -> Option<KernelProcess> {
        let end = self.end_of(&mut process).await;
        self.kernel.connection.send_replace(None);
        let lived = process.born.elapsed();
        match end {
            End::Stopped => {
                process.stop(&self.kernel, false).await;
                None
            }
            End::Restart(reply) => {
                process.stop(&self.kernel, true).await;
                self.restart(reply).await
            }
            End::Died(_) if self.kernel.is_leaving() => None,
            End::Died(death) => {
                drop(process);
                self.revive(death, lived).await
            }
        }
    }

    async fn end_of(&mut self, process: &mut KernelProcess) -> End {
        loop {
            let order = tokio::select! {
                () = self.kernel.stop.cancelled() => return End::Stopped,
                death = process.death() => return End::Died(death),
                order = self.orders.recv() => order,
            };
            match order {
                Some(Order::Interrupt(reply)) => {
                    let _ = reply.send(process.interrupt(self.launch.spec.json.interrupt_mode).await);
                }
                Some(Order::Restart(reply)) => return End::Restart(reply),
                None => return End::Stopped,
            }
        }
    }

    async fn restart(&mut self, reply: oneshot::Sender<Result<(), StartError>>) -> Option<KernelProcess> {
        self.restarts = 0;
        self.kernel.status().set(ExecutionState::Restarting);
        match self.start_unless_stopped().await? {
            Ok(process) => {
                let _ = reply.send(Ok(()));
                Some(process)
            }
            Err(error) => {
                self.kernel.complain(&format!("\n{error}\n")).await;
                let _ = reply.send(Err(error));
                None
            }
        }
    }

    /// Starts a kernel that died again, a few times; a kernel that lived long enough starts counting anew.
    async fn revive(&mut self, death: Death, lived: Duration) -> Option<KernelProcess> {
        let kernel = self.kernel.clone();
        tracing::warn!(kernel.id = %kernel.id, "kernel {} died: {}", kernel.id, death.status);
        kernel.complain(&format!("\nThe kernel died: {death}\n")).await;
        if lived >= kernel.limits.kernel_stable {
            self.restarts = 0;
        }
        while self.restarts < kernel.limits.kernel_restarts {
            self.restarts += 1;
            kernel.announce(ExecutionState::Restarting).await;
            match self.start_unless_stopped().await? {
                Ok(process) => return Some(process),
                Err(error) => kernel.complain(&format!("\n{error}\n")).await,
            }
        }
        None
    }

    /// `None` when the kernel was shut down meanwhile; the half-started process goes with the attempt.
    async fn start_unless_stopped(&self) -> Option<Result<KernelProcess, StartError>> {
        tokio::select! {
            () = self.kernel.stop.cancelled() => None,
            started = KernelProcess::start(&self.kernel, &self.launch) => Some(started),
        }
    }
}
