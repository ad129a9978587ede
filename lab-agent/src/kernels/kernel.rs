//! One kernel as the rest of the agent sees it: a handle to its keeper.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::clients::Clients;
use super::launch::{Launch, StartError};
use super::model::{ExecutionState, KernelModel, time};
use crate::link::{self, Attach, Cursor, Frames, News, Order, OrderError, Seen, ToAgent, ToKeeper};

/// A client's connection to the keeper, both ways.
pub type Link = (Frames<OwnedReadHalf>, OwnedWriteHalf);

/// A kernel; it keeps its id and its clients when its process is replaced.
pub struct Kernel {
    /// Identifies it.
    pub id: Uuid,
    /// Its kernelspec.
    pub spec: String,
    /// Who is connected.
    pub clients: Clients,
    launch: Launch,
    state: watch::Sender<State>,
    orders: mpsc::Sender<(Order, oneshot::Sender<Result<(), OrderError>>)>,
    left: CancellationToken,
}

type Orders = mpsc::Receiver<(Order, oneshot::Sender<Result<(), OrderError>>)>;

/// What the agent last heard of a kernel.
#[derive(Clone, Debug)]
enum State {
    Unknown,
    Seen(Seen, Instant),
    Failed(StartError),
    Gone,
}

impl Kernel {
    /// Starts a keeper for `launch`; the kernel may not have begun when this returns.
    pub fn start(launch: Launch) -> io::Result<(Arc<Self>, impl Future<Output = ()> + use<>)> {
        launch.write()?;
        // Bound here, so that the connection below cannot come too early.
        let listener = UnixListener::bind(launch.socket())?;
        let mut keeper = Command::new(std::env::current_exe()?);
        keeper.arg("keep").arg("--launch").arg(launch.file()).stdin(OwnedFd::from(listener)).process_group(0);
        let mut keeper = tokio::process::Command::from(keeper).spawn()?;
        let (kernel, watching) = Self::attach_to(launch)?;
        let both = async move {
            watching.await;
            // Collected here, so that no dead process is left standing.
            let _ = keeper.wait().await;
        };
        Ok((kernel, both))
    }

    /// The kernel whose keeper an earlier agent started, if that keeper still answers. The future watches over it
    /// until it is gone, and has to run.
    pub fn attach_to(launch: Launch) -> io::Result<(Arc<Self>, impl Future<Output = ()> + use<>)> {
        let stream = std::os::unix::net::UnixStream::connect(launch.socket())?;
        stream.set_nonblocking(true)?;
        let stream = UnixStream::from_std(stream)?;
        let (orders, commissions) = mpsc::channel(1);
        let kernel = Arc::new(Self {
            id: launch.kernel,
            spec: launch.spec.clone(),
            clients: Clients::default(),
            launch,
            state: watch::Sender::new(State::Unknown),
            orders,
            left: CancellationToken::new(),
        });
        let watched = kernel.clone();
        Ok((kernel, async move { watched.watch(stream, commissions).await }))
    }

    /// Waits until it answers for the first time, or does not start.
    pub async fn begun(&self) -> Result<(), StartError> {
        let mut states = self.state.subscribe();
        let has_begun = |state: &State| match state {
            State::Unknown => false,
            State::Seen(seen, _) => seen.begun,
            State::Failed(_) | State::Gone => true,
        };
        match states.wait_for(has_begun).await.as_deref() {
            Ok(State::Failed(error)) => Err(error.clone()),
            Ok(State::Unknown | State::Seen(..)) => Ok(()),
            Ok(State::Gone) | Err(_) => Err(StartError::Stopping),
        }
    }

    /// What clients read about it.
    pub fn model(&self) -> KernelModel {
        let (state, last_activity) = match &*self.state.borrow() {
            State::Seen(seen, _) => (seen.state, seen.last_activity),
            State::Unknown => (ExecutionState::Starting, jiff::Timestamp::now()),
            State::Failed(_) | State::Gone => (ExecutionState::Dead, jiff::Timestamp::now()),
        };
        KernelModel {
            id: self.id,
            name: self.spec.clone(),
            last_activity: time(last_activity),
            execution_state: state,
            connections: self.clients.count(),
        }
    }

    /// Time since it last worked.
    pub fn idle(&self) -> Duration {
        match &*self.state.borrow() {
            // A kernel that takes long to start is not idle.
            State::Seen(Seen { begun: false, .. }, _) => Duration::ZERO,
            State::Seen(seen, at) => match seen.state {
                ExecutionState::Busy | ExecutionState::Restarting => Duration::ZERO,
                ExecutionState::Starting | ExecutionState::Idle | ExecutionState::Dead => {
                    Duration::from_millis(seen.idle_ms) + at.elapsed()
                }
            },
            State::Unknown | State::Failed(_) | State::Gone => Duration::ZERO,
        }
    }

    /// A connection for a client, which begins at `cursor`.
    pub async fn attach(&self, session: &str, cursor: Cursor) -> io::Result<Link> {
        let (reader, mut writer) = UnixStream::connect(self.launch.socket()).await?.into_split();
        let attach = Attach { session: session.to_owned(), cursor };
        link::put(&mut writer, &ToKeeper::Attach(attach)).await?;
        Ok((Frames::new(reader), writer))
    }

    /// A connection that reads everything after message `seq`, also requests.
    pub async fn follow(&self, seq: u64) -> io::Result<Link> {
        let (reader, mut writer) = UnixStream::connect(self.launch.socket()).await?.into_split();
        link::put(&mut writer, &ToKeeper::Follow(seq)).await?;
        Ok((Frames::new(reader), writer))
    }

    /// Where it is noted up to which message outputs are home.
    pub fn ledger_file(&self) -> PathBuf {
        self.launch.directory().join("settled")
    }

    /// Interrupts what it is doing. Fails with the reason when it has no process or does not listen.
    pub async fn interrupt(&self) -> Result<(), String> {
        match self.order(Order::Interrupt).await {
            Some(Ok(())) => Ok(()),
            Some(Err(OrderError::Interrupt(reason))) => Err(reason),
            Some(Err(OrderError::Start(error))) => Err(error.to_string()),
            None => Err("it was shut down".into()),
        }
    }

    /// Replaces its process; returns when the new one answers. `None` when the kernel was shut down instead.
    pub async fn restart(&self) -> Option<Result<(), StartError>> {
        match self.order(Order::Restart).await? {
            Ok(()) => Some(Ok(())),
            Err(OrderError::Start(error)) => Some(Err(error)),
            Err(OrderError::Interrupt(reason)) => Some(Err(StartError::Setup(reason))),
        }
    }

    /// Shuts it down; returns when its process is gone.
    pub async fn shut_down(&self) {
        let (reply, _) = oneshot::channel();
        let _ = self.orders.send((Order::Stop, reply)).await;
        self.gone().await;
    }

    /// Waits until its process is gone for good.
    pub async fn gone(&self) {
        // The sender is in `self`: the wait cannot fail.
        let _ = self.state.subscribe().wait_for(State::is_over).await;
    }

    /// Removes what was kept about it.
    pub fn forget(&self) {
        if let Err(error) = self.launch.forget() {
            tracing::warn!(kernel.id = %self.id, "cannot remove what kernel {} left: {error}", self.id);
        }
    }

    /// Waits until its keeper is gone too.
    pub async fn left(&self) {
        self.left.cancelled().await;
    }

    /// Whether its process is gone for good.
    pub fn is_gone(&self) -> bool {
        self.state.borrow().is_over()
    }

    /// The answer of the keeper; `None` when the kernel is gone before there is one.
    async fn order(&self, order: Order) -> Option<Result<(), OrderError>> {
        let (reply, answer) = oneshot::channel();
        self.orders.send((order, reply)).await.ok()?;
        answer.await.ok()
    }

    /// Hears the news and passes orders on, until the keeper is gone.
    async fn watch(&self, stream: UnixStream, mut orders: Orders) {
        let (reader, mut writer) = stream.into_split();
        let mut news = Frames::new(reader);
        let mut waiting = VecDeque::new();
        let mut sent = link::put(&mut writer, &ToKeeper::Watch).await;
        while sent.is_ok() {
            tokio::select! {
                heard = news.next() => match heard {
                    Some(ToAgent::News(news)) => self.take_in(news, &mut waiting),
                    Some(ToAgent::Record(_)) | None => break,
                },
                Some((order, reply)) = orders.recv() => {
                    sent = link::put(&mut writer, &ToKeeper::Order(order)).await;
                    if order != Order::Stop {
                        waiting.push_back(reply);
                    }
                }
            }
        }
        self.state.send_if_modified(|state| {
            !state.is_over() && {
                *state = State::Gone;
                true
            }
        });
        self.left.cancel();
    }

    fn take_in(&self, news: News, waiting: &mut VecDeque<oneshot::Sender<Result<(), OrderError>>>) {
        match news {
            News::Seen(seen) => drop(self.state.send_replace(State::Seen(seen, Instant::now()))),
            News::Failed(error) => drop(self.state.send_replace(State::Failed(error))),
            // A kernel that did not start is told as that, and then as gone.
            News::Gone => {
                self.state.send_if_modified(|state| {
                    !state.is_over() && {
                        *state = State::Gone;
                        true
                    }
                });
            }
            News::Done(result) => {
                if let Some(reply) = waiting.pop_front() {
                    let _ = reply.send(result);
                }
            }
        }
    }
}

impl State {
    fn is_over(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Gone)
    }
}
