//! A kernel as its keeper knows it. Its process belongs to the [supervisor](super::supervisor).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::connection::Connection;
use super::sessions::Sessions;
use super::status::Status;
use crate::config::Limits;
use crate::journal::{self, Flow, Journal};
use crate::kernels::wire::{Channel, Parts, compose};
use crate::kernels::{ExecutionState, Launch, StartError};
use crate::link::{Order, OrderError, Seen};

/// Agents hear at once what a kernel is doing, and at most this often that it still does it.
const NEWS_EVERY: Duration = Duration::from_millis(500);

/// Requests that wait for the kernel.
pub type Inbox = mpsc::Receiver<(Channel, Parts)>;

/// An order for the supervisor, and who waits for the answer.
pub type Commission = (Order, oneshot::Sender<Result<(), OrderError>>);

/// Where a kernel is in its life.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Its first process has not answered yet.
    Starting,
    /// It has a process, or will soon have another one.
    Running,
    /// The first process did not start.
    Failed(StartError),
    /// It is gone for good.
    Gone,
}

/// A kernel; it keeps its id, its clients and its journal when its process is replaced.
pub struct Kept {
    /// Identifies it.
    pub id: Uuid,
    /// What it said.
    pub journal: Arc<Journal>,
    /// Where its present process is reached; nothing while there is none.
    pub connection: watch::Sender<Option<Arc<Connection>>>,
    /// Where it is in its life; sent again when [`Self::seen`] has changed.
    pub phase: watch::Sender<Phase>,
    /// Connections of agents on their own account.
    pub watchers: watch::Sender<usize>,
    /// Every limit.
    pub limits: Limits,
    /// Cancelled when it has to go.
    pub stop: CancellationToken,
    visitors: watch::Sender<usize>,
    commissions: mpsc::Sender<Commission>,
    to_kernel: mpsc::Sender<(Channel, Parts)>,
    inbox: Mutex<Option<Inbox>>,
    status: Mutex<Status>,
    told: Mutex<Instant>,
    sessions: Mutex<Sessions>,
    asked_to_leave: AtomicBool,
}

/// An open connection.
pub struct Visit(watch::Sender<usize>);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[derive(Default, Deserialize)]
struct Kind {
    #[serde(default)]
    msg_type: String,
}

#[derive(Deserialize)]
struct Shutdown {
    #[serde(default)]
    restart: bool,
}

impl Kept {
    /// A kernel without a process, and the orders that will come for it. It goes when `stop` is cancelled.
    pub fn new(launch: &Launch, limits: Limits) -> std::io::Result<(Arc<Self>, mpsc::Receiver<Commission>)> {
        let journal = Journal::create(&launch.journal(), limits.journal)?;
        let (commissions, orders) = mpsc::channel(1);
        let (to_kernel, inbox) = mpsc::channel(limits.inbound_messages);
        let kept = Self {
            id: launch.kernel,
            journal,
            connection: watch::Sender::new(None),
            phase: watch::Sender::new(Phase::Starting),
            watchers: watch::Sender::new(0),
            limits,
            stop: CancellationToken::new(),
            visitors: watch::Sender::new(0),
            commissions,
            to_kernel,
            inbox: Mutex::new(Some(inbox)),
            status: Mutex::new(Status::starting()),
            told: Mutex::new(Instant::now()),
            sessions: Mutex::default(),
            asked_to_leave: AtomicBool::new(false),
        };
        Ok((Arc::new(kept), orders))
    }

    /// The requests; there is one place where they go.
    pub fn take_inbox(&self) -> Inbox {
        let inbox = self.inbox.lock().expect("no thread panics while it holds the inbox").take();
        inbox.expect("the inbox is taken once")
    }

    /// What an agent hears about it.
    pub fn seen(&self) -> Seen {
        let status = self.status();
        let idle_ms = u64::try_from(status.idle().as_millis()).unwrap_or(u64::MAX);
        let begun = matches!(*self.phase.borrow(), Phase::Running);
        Seen { begun, state: status.state, last_activity: status.last_activity, idle_ms }
    }

    /// Who asked what and has read how far.
    pub fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().expect("no thread panics while it holds the sessions")
    }

    /// Somebody is here until the answer is dropped.
    pub fn visit(&self) -> Visit {
        self.visitors.send_modify(|count| *count += 1);
        Visit(self.visitors.clone())
    }

    /// Waits until all clients have read to the end. Agents stay until the end of this process.
    pub async fn until_nobody_is_here(&self) {
        let mut visitors = self.visitors.subscribe();
        let clients_left = |count: &usize| *count <= *self.watchers.borrow();
        let _ = visitors.wait_for(clients_left).await;
    }

    /// Carries out an order; orders to stop have no answer.
    pub async fn obey(&self, order: Order) -> Option<Result<(), OrderError>> {
        if order == Order::Stop {
            self.stop.cancel();
            return None;
        }
        let (reply, answer) = oneshot::channel();
        let _ = self.commissions.send((order, reply)).await;
        Some(answer.await.unwrap_or(Err(OrderError::Start(StartError::Stopping))))
    }

    /// Takes note of a client's request.
    pub fn note_request(&self, session: &str, channel: Channel, parts: &Parts) {
        if channel == Channel::Stdin {
            return;
        }
        let Kind { msg_type } = serde_json::from_slice(&parts[0]).unwrap_or_default();
        self.sessions().asked(session, parts);
        match (channel, msg_type.as_str()) {
            (Channel::Shell, "execute_request") => {
                self.status().ask(&parts[0]);
                self.journal.append(Flow::ToKernel(channel), session, parts);
            }
            // A kernel that was asked to leave, and not to restart, must not be started again when it ends.
            (_, "shutdown_request") if !restarts(parts) => self.asked_to_leave.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// Puts a request into the queue for the kernel; waits while that is full.
    pub async fn request(&self, channel: Channel, parts: Parts) {
        // The other end is gone only when the kernel is.
        let _ = self.to_kernel.send((channel, parts)).await;
    }

    /// Writes down a reply or a question of its process, for the client that asked.
    pub fn replied(&self, channel: Channel, parts: &Parts) {
        let session = self.sessions().asker(parts);
        if !session.is_empty() {
            self.write_down(Flow::FromKernel(channel), &session, parts);
        }
    }

    /// Writes down a broadcast of its process.
    pub fn heard(&self, parts: &Parts) {
        let before = self.status().state;
        self.status().observe(parts);
        self.tell(before);
        self.broadcast(parts);
    }

    /// Tells clients that its process is being replaced, or gone for good.
    pub fn announce(&self, state: ExecutionState) {
        self.change(state);
        self.broadcast(&compose("status", None, &json!({"execution_state": state})));
    }

    /// Takes note of a new state without telling clients.
    pub fn change(&self, state: ExecutionState) {
        let before = self.status().state;
        self.status().set(state);
        self.tell(before);
    }

    /// Prints `text` in red below the cell that was running.
    pub fn complain(&self, text: &str) {
        let parent: Option<Bytes> = self.status().running();
        self.broadcast(&compose("stream", parent.as_ref(), &json!({"name": "stderr", "text": text})));
    }

    /// The first process answers.
    pub fn begin(&self) {
        self.phase.send_replace(Phase::Running);
    }

    /// The first process did not start.
    pub fn fail(&self, error: StartError) {
        self.phase.send_replace(Phase::Failed(error));
    }

    /// There will be no more of it.
    pub fn end(&self) {
        self.stop.cancel();
        self.announce(ExecutionState::Dead);
        self.journal.close();
        self.phase.send_if_modified(|phase| {
            let has_begun = !matches!(phase, Phase::Failed(_));
            if has_begun {
                *phase = Phase::Gone;
            }
            has_begun
        });
    }

    /// Whether a client asked the kernel itself to leave: its end is then no accident.
    pub fn is_leaving(&self) -> bool {
        self.asked_to_leave.load(Ordering::Relaxed)
    }

    fn broadcast(&self, parts: &Parts) {
        self.write_down(Flow::FromKernel(Channel::Iopub), "", parts);
    }

    fn write_down(&self, flow: Flow, session: &str, parts: &Parts) {
        if self.journal.append(flow, session, parts) == journal::Kept::MemoryFrom {
            let mib = self.limits.journal.memory_bytes / (1024 * 1024);
            self.complain(&format!(
                "\n[The disk is full: from here on Nearside keeps only the last {mib} MiB of output. Remove files to \
                 keep all of it again.]\n"
            ));
        }
    }

    /// Lets agents know when they should.
    fn tell(&self, before: ExecutionState) {
        let mut told = self.told.lock().expect("no thread panics while it holds an instant");
        if self.status().state != before || told.elapsed() >= NEWS_EVERY {
            *told = Instant::now();
            self.phase.send_modify(|_| ());
        }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().expect("no thread panics while it holds the status")
    }
}

fn restarts(parts: &Parts) -> bool {
    serde_json::from_slice(&parts[3]).is_ok_and(|Shutdown { restart }| restart)
}
