//! One client and one kernel, for as long as both are there. The kernel's process may be replaced meanwhile.
//!
//! Three loops run side by side: from the client into a queue, between that queue and the kernel's sockets,
//! and from the kernel to the client. Each queue is bounded, so that whoever is slow slows the other down.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::time::{interval, sleep, timeout};
use zeromq::{SocketRecv as _, SocketSend as _, ZmqMessage, ZmqResult};

use super::{Channel, Encoding, Envelope};
use crate::config::Limits;
use crate::kernels::{Connection, Dealers, Kernel, Subscription};

/// Close codes of RFC 6455 section 7.4.1.
const NORMAL: u16 = 1000;
const UNACCEPTABLE: u16 = 1003;
const GOING_AWAY: u16 = 1001;

/// ZeroMQ's limit for the identity of a socket is 255 bytes.
const IDENTITY_MAX_BYTES: usize = 200;
/// Messages that are written together when they are there together.
const BURST: usize = 64;
/// Pause before sockets that failed are connected again; a process that died is replaced meanwhile.
const RECONNECT: std::time::Duration = std::time::Duration::from_millis(100);

/// Why and how a WebSocket is closed.
struct Closing(u16, String);

/// Carries messages until one side is gone.
pub async fn run(
    socket: WebSocket,
    kernel: Arc<Kernel>,
    session: String,
    encoding: Encoding,
    limits: Limits,
) {
    let seat = kernel.clients.admit(&session).await;
    let mut broadcasts = kernel.broadcast.subscribe(&limits);
    let (mut sink, stream) = socket.split();
    let (to_kernel, inbound) = mpsc::channel(limits.inbound_messages);
    let (to_client, mut replies) = mpsc::channel(limits.reply_messages);
    let heard = Mutex::new(Instant::now());
    let identity = identity(&session);
    let client = Client { encoding, limits: &limits, heard: &heard };
    let closing = tokio::select! {
        closing = client.read(stream, &kernel, to_kernel) => closing,
        closing = client.write(&mut sink, &mut broadcasts, &mut replies) => closing,
        closing = exchange(&kernel, &identity, inbound, to_client) => closing,
        () = seat.replaced() => Closing(NORMAL, "another connection of this session took over".into()),
    };
    tracing::debug!(kernel.id = %kernel.id, "a client of kernel {} left: {}", kernel.id, closing.1);
    let frame = CloseFrame { code: closing.0, reason: closing.1.into() };
    let _ = timeout(limits.client_write, sink.send(Message::Close(Some(frame)))).await;
}

/// The identity of all of a session's sockets, also after it has connected anew.
fn identity(session: &str) -> Bytes {
    if session.is_empty() || session.starts_with('\0') || session.len() > IDENTITY_MAX_BYTES {
        return hex::encode(Sha256::digest(session)).into();
    }
    session.to_owned().into()
}

/// The WebSocket's side.
struct Client<'a> {
    encoding: Encoding,
    limits: &'a Limits,
    heard: &'a Mutex<Instant>,
}

impl Client<'_> {
    async fn read(
        &self,
        mut stream: SplitStream<WebSocket>,
        kernel: &Kernel,
        to_kernel: mpsc::Sender<Envelope>,
    ) -> Closing {
        while let Some(Ok(message)) = stream.next().await {
            *self.heard.lock().expect("no thread panics while it holds an instant") = Instant::now();
            let envelope = match self.encoding.decode(message) {
                Ok(Some(envelope)) => envelope,
                Ok(None) => continue,
                Err(error) => return Closing(UNACCEPTABLE, error.to_string()),
            };
            if asks_kernel_to_leave(&envelope) {
                kernel.will_leave();
            }
            if envelope.channel == Channel::Shell {
                kernel.asked(&envelope.parts[0]);
            }
            if to_kernel.send(envelope).await.is_err() {
                break;
            }
        }
        Closing(NORMAL, "the client left".into())
    }

    async fn write(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        broadcasts: &mut Subscription,
        replies: &mut mpsc::Receiver<Envelope>,
    ) -> Closing {
        let mut ping = interval(self.limits.ping_every);
        loop {
            let message = tokio::select! {
                parts = broadcasts.next() => match parts {
                    Some(parts) => self.encoding.encode(&Envelope { channel: Channel::Iopub, parts }),
                    None => return Closing(GOING_AWAY, broadcasts.end().into()),
                },
                Some(reply) = replies.recv() => self.encoding.encode(&reply),
                _ = ping.tick() => match self.is_silent() {
                    true => return Closing(NORMAL, "the client did not answer".into()),
                    false => Message::Ping(Bytes::new()),
                },
            };
            let burst = async {
                sink.feed(message).await?;
                for parts in std::iter::from_fn(|| broadcasts.next_now()).take(BURST) {
                    sink.feed(self.encoding.encode(&Envelope { channel: Channel::Iopub, parts })).await?;
                }
                sink.flush().await
            };
            if !matches!(timeout(self.limits.client_write, burst).await, Ok(Ok(()))) {
                return Closing(NORMAL, "the client cannot be written to".into());
            }
        }
    }

    fn is_silent(&self) -> bool {
        let heard = *self.heard.lock().expect("no thread panics while it holds an instant");
        heard.elapsed() > self.limits.client_silence
    }
}

#[derive(Deserialize)]
struct Kind<'a> {
    msg_type: &'a str,
}

#[derive(Deserialize)]
struct Shutdown {
    #[serde(default)]
    restart: bool,
}

/// A kernel that was asked to shut down, and not to restart, must not be started again when it ends.
fn asks_kernel_to_leave(envelope: &Envelope) -> bool {
    let is_shutdown = || {
        serde_json::from_slice::<Kind<'_>>(&envelope.parts[0]).is_ok_and(|h| h.msg_type == "shutdown_request")
    };
    let restarts = || serde_json::from_slice(&envelope.parts[3]).is_ok_and(|Shutdown { restart }| restart);
    matches!(envelope.channel, Channel::Control | Channel::Shell) && is_shutdown() && !restarts()
}

/// The kernel's side: connects to each of its processes in turn.
async fn exchange(
    kernel: &Kernel,
    identity: &Bytes,
    mut inbound: mpsc::Receiver<Envelope>,
    to_client: mpsc::Sender<Envelope>,
) -> Closing {
    let mut processes = kernel.connection.subscribe();
    loop {
        let present = processes.wait_for(Option::is_some).await.map(|present| present.clone());
        let Ok(Some(connection)) = present else {
            return Closing(NORMAL, "the kernel is gone".into());
        };
        let attached = async {
            match connection.dealers(identity).await {
                Ok(dealers) => pump(&connection, dealers, &mut inbound, &to_client).await,
                Err(error) => {
                    tracing::warn!(kernel.id = %kernel.id, "cannot reach kernel {}: {error}", kernel.id)
                }
            }
            sleep(RECONNECT).await;
        };
        tokio::select! {
            _ = processes.changed() => {
                // What was meant for the process that ended must not be executed by the next one.
                while inbound.try_recv().is_ok() {}
            }
            () = attached => {}
        }
    }
}

/// Carries messages both ways until a socket fails.
async fn pump(
    connection: &Connection,
    dealers: Dealers,
    inbound: &mut mpsc::Receiver<Envelope>,
    to_client: &mpsc::Sender<Envelope>,
) {
    let (mut shell_out, mut shell) = dealers.shell.split();
    let (mut control_out, mut control) = dealers.control.split();
    let (mut stdin_out, mut stdin) = dealers.stdin.split();
    let requests = async {
        while let Some(Envelope { channel, parts }) = inbound.recv().await {
            let message = connection.key.seal(&parts);
            let sent = match channel {
                Channel::Shell => shell_out.send(message).await,
                Channel::Control => control_out.send(message).await,
                Channel::Stdin => stdin_out.send(message).await,
                // Nobody listens there; Jupyter's server drops such messages too.
                Channel::Iopub => Ok(()),
            };
            if sent.is_err() {
                break;
            }
        }
    };
    let replies = async {
        loop {
            let (channel, message): (Channel, ZmqResult<ZmqMessage>) = tokio::select! {
                message = shell.recv() => (Channel::Shell, message),
                message = control.recv() => (Channel::Control, message),
                message = stdin.recv() => (Channel::Stdin, message),
            };
            let Ok(message) = message else { break };
            match connection.key.open(message) {
                Ok(parts) => {
                    if to_client.send(Envelope { channel, parts }).await.is_err() {
                        break;
                    }
                }
                Err(error) => tracing::warn!("{error}"),
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = replies => {}
    }
}
