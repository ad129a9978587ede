//! One kernel as the rest of the agent sees it. Its process belongs to the [supervisor](super::supervisor).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::broadcast::Broadcast;
use super::clients::Clients;
use super::connection::Connection;
use super::launch::StartError;
use super::model::{ExecutionState, KernelModel, time};
use super::status::Status;
use super::wire::{Parts, compose};
use crate::config::Limits;

/// How long slow clients may hold up the end of a kernel.
const FAREWELL: Duration = Duration::from_millis(200);

/// A kernel; it keeps its id, its clients and its broadcasts when its process is replaced.
pub struct Kernel {
    /// Identifies it.
    pub id: Uuid,
    /// Its kernelspec.
    pub spec: String,
    /// Who is connected.
    pub clients: Clients,
    /// What it says to everybody.
    pub broadcast: Broadcast,
    /// Where its present process is reached; nothing while there is none.
    pub connection: watch::Sender<Option<Arc<Connection>>>,
    pub(super) limits: Limits,
    pub(super) stop: CancellationToken,
    gone: CancellationToken,
    orders: mpsc::Sender<Order>,
    status: Mutex<Status>,
    asked_to_leave: AtomicBool,
}

/// What a supervisor is told to do.
pub enum Order {
    /// Interrupt the running request.
    Interrupt(oneshot::Sender<Result<(), String>>),
    /// Replace the process.
    Restart(oneshot::Sender<Result<(), StartError>>),
}

impl Kernel {
    /// A kernel without a process, and the orders that will come for it. It goes when `stop` is cancelled.
    pub fn new(spec: String, limits: Limits, stop: CancellationToken) -> (Arc<Self>, mpsc::Receiver<Order>) {
        let (orders, receiver) = mpsc::channel(1);
        let kernel = Self {
            id: Uuid::new_v4(),
            spec,
            clients: Clients::default(),
            broadcast: Broadcast::default(),
            connection: watch::Sender::new(None),
            limits,
            stop,
            gone: CancellationToken::new(),
            orders,
            status: Mutex::new(Status::starting()),
            asked_to_leave: AtomicBool::new(false),
        };
        (Arc::new(kernel), receiver)
    }

    /// What clients read about it.
    pub fn model(&self) -> KernelModel {
        let status = self.status();
        KernelModel {
            id: self.id,
            name: self.spec.clone(),
            last_activity: time(status.last_activity),
            execution_state: status.state,
            connections: self.clients.count(),
        }
    }

    /// Time since it last worked.
    pub fn idle(&self) -> Duration {
        self.status().idle()
    }

    /// Interrupts what it is doing. Fails with the reason when it has no process or does not listen.
    pub async fn interrupt(&self) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Interrupt(reply)).await;
        answer.await.unwrap_or_else(|_| Err("it was shut down".into()))
    }

    /// Replaces its process; returns when the new one answers. `None` when the kernel was shut down instead.
    pub async fn restart(&self) -> Option<Result<(), StartError>> {
        let (reply, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Restart(reply)).await;
        answer.await.ok()
    }

    /// Shuts it down; returns when its process is gone.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.gone.cancelled().await;
    }

    /// Whether its process is gone for good.
    pub fn is_gone(&self) -> bool {
        self.gone.is_cancelled()
    }

    /// A client asked the kernel itself to leave: its end is then no accident.
    pub fn will_leave(&self) {
        self.asked_to_leave.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.asked_to_leave.load(Ordering::Relaxed)
    }

    /// Takes note of a request on its way to it.
    pub fn asked(&self, header: &Bytes) {
        self.status().ask(header);
    }

    /// Passes a broadcast of its process on.
    pub(super) async fn heard(&self, parts: &Parts) {
        self.status().observe(parts);
        self.broadcast.send(parts, &self.limits).await;
    }

    /// Tells clients that its process is being replaced, or gone for good.
    pub(super) async fn announce(&self, state: ExecutionState) {
        self.status().set(state);
        let message = compose("status", None, &json!({"execution_state": state}));
        self.broadcast.send(&message, &self.limits).await;
    }

    /// Prints `text` in red below the cell that was running.
    pub(super) async fn complain(&self, text: &str) {
        let parent: Option<Bytes> = self.status().running();
        let message = compose("stream", parent.as_ref(), &json!({"name": "stderr", "text": text}));
        self.broadcast.send(&message, &self.limits).await;
    }

    /// Tells clients that there will be no more of it.
    pub(super) async fn end(&self) {
        let _ = timeout(FAREWELL, self.announce(ExecutionState::Dead)).await;
        self.broadcast.close();
        self.gone.cancel();
    }

    pub(super) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().expect("no thread panics while it holds the status")
    }
}
