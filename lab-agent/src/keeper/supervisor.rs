//! The life of a kernel: processes come and go, the kernel stays until it is shut down or dies too often.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::forked::Forked;
use super::kept::{Commission, Kept};
use super::process::KernelProcess;
use crate::kernels::{ExecutionState, Launch, StartError};
use crate::link::{Order, OrderError};
use crate::process::Death;

/// Who waits for the answer to an order.
type Reply = oneshot::Sender<Result<(), OrderError>>;

/// The owner of a kernel's process.
pub struct Supervisor {
    kernel: Arc<Kept>,
    launch: Launch,
    orders: mpsc::Receiver<Commission>,
    restarts: u32,
}

/// What ends a process.
enum End {
    Stopped,
    Restart(Reply),
    Died(Death),
}

impl Supervisor {
    /// The supervisor of `kernel`.
    pub fn new(kernel: Arc<Kept>, launch: Launch, orders: mpsc::Receiver<Commission>) -> Self {
        Self { kernel, launch, orders, restarts: 0 }
    }

    /// Starts the first process, or takes the one that was forked.
    pub async fn start(&self, forked: Option<Forked>) -> Result<KernelProcess, StartError> {
        self.start_unless_stopped(forked).await.ok_or(StartError::Stopping)?
    }

    /// Watches over `first` and all that follow it; returns when the kernel is gone.
    pub async fn watch_over(mut self, first: KernelProcess) {
        let mut next = Some(first);
        while let Some(process) = next.take() {
            self.kernel.connection.send_replace(Some(process.connection.clone()));
            next = self.life_of(process).await;
        }
    }

    /// Waits for the end of `process` and returns its successor, if it has one.
    async fn life_of(&mut self, mut process: KernelProcess) -> Option<KernelProcess> {
        let end = self.end_of(&mut process).await;
        self.kernel.connection.send_replace(None);
        let lived = process.answered.elapsed();
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
                Some((Order::Interrupt, reply)) => {
                    let interrupted = process.interrupt(self.launch.interrupt_mode).await;
                    let _ = reply.send(interrupted.map_err(OrderError::Interrupt));
                }
                Some((Order::Restart, reply)) => return End::Restart(reply),
                Some((Order::Stop, _)) | None => return End::Stopped,
            }
        }
    }

    async fn restart(&mut self, reply: Reply) -> Option<KernelProcess> {
        self.restarts = 0;
        self.kernel.change(ExecutionState::Restarting);
        match self.start_unless_stopped(None).await? {
            Ok(process) => {
                let _ = reply.send(Ok(()));
                Some(process)
            }
            Err(error) => {
                self.kernel.complain(&format!("\n{error}\n"));
                let _ = reply.send(Err(OrderError::Start(error)));
                None
            }
        }
    }

    /// Starts a kernel that died again, a few times; a kernel that lived long enough starts counting anew.
    async fn revive(&mut self, death: Death, lived: Duration) -> Option<KernelProcess> {
        let kernel = self.kernel.clone();
        tracing::warn!(kernel.id = %kernel.id, "kernel {} died: {}", kernel.id, death.status);
        kernel.complain(&format!("\nThe kernel died: {death}\n"));
        if lived >= kernel.limits.kernel_stable {
            self.restarts = 0;
        }
        while self.restarts < kernel.limits.kernel_restarts {
            self.restarts += 1;
            kernel.announce(ExecutionState::Restarting);
            match self.start_unless_stopped(None).await? {
                Ok(process) => return Some(process),
                Err(error) => kernel.complain(&format!("\n{error}\n")),
            }
        }
        None
    }

    /// `None` when the kernel was shut down meanwhile; the half-started process goes with the attempt.
    async fn start_unless_stopped(
        &self,
        forked: Option<Forked>,
    ) -> Option<Result<KernelProcess, StartError>> {
        tokio::select! {
            () = self.kernel.stop.cancelled() => None,
            started = KernelProcess::start(&self.kernel, &self.launch, forked) => Some(started),
        }
    }
}
