//! One client and one kernel's keeper, for as long as both are there.
//!
//! A ping carries the number of the last message that was written, so that the pong to it confirms that message and
//! all before it.
//!
//! Two loops run side by side. Neither has a queue: whoever is slow is read from more slowly, and what waits for a
//! slow client waits in the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWrite;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::Notify;
use tokio::time::{interval, sleep, timeout};

use super::{Encoding, Envelope, sequence};
use crate::config::Limits;
use crate::journal::{Flow, Record};
use crate::kernels::{Kernel, Seat};
use crate::link::{self, Cursor, Frames, ToAgent, ToKeeper};

/// Close codes of RFC 6455 section 7.4.1.
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;
const UNACCEPTABLE: u16 = 1003;

/// Messages that are written together when they are there together.
const BURST: usize = 256;
/// How long after its last message the end of a kernel may take to be known to the agent.
const NEWS_OF_THE_END: Duration = Duration::from_secs(1);

/// How long the requests of a client that cannot be written to any more may take to be read.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// Why and how a WebSocket is closed.
struct Closing(u16, String);

/// Carries messages until one side is gone.
pub async fn run(
    socket: WebSocket,
    kernel: Arc<Kernel>,
    session: String,
    cursor: Cursor,
    encoding: Encoding,
    limits: Limits,
) {
    let from = if let Cursor::After(seq) = cursor { seq } else { u64::MAX };
    let seat = kernel.clients.admit(&session, from).await;
    let (mut sink, stream) = socket.split();
    let client = Client {
        encoding,
        numbered: cursor != Cursor::Resume,
        limits: &limits,
        seat: &seat,
        heard: Mutex::new(Instant::now()),
        pinged: AtomicU64::new(0),
        sent: AtomicU64::new(0),
        confirmed: Notify::new(),
    };
    let closing = match kernel.attach(&session, cursor).await {
        Ok((from_kernel, to_kernel)) => tokio::select! {
            closing = client.read(stream, to_kernel) => closing,
            closing = client.write(&mut sink, from_kernel, &kernel) => closing,
            () = seat.replaced() => Closing(NORMAL, "another connection of this session took over".into()),
        },
        Err(error) => Closing(GOING_AWAY, format!("the kernel is gone: {error}")),
    };
    tracing::debug!(kernel.id = %kernel.id, "a client of kernel {} left: {}", kernel.id, closing.1);
    let frame = CloseFrame { code: closing.0, reason: closing.1.into() };
    let _ = timeout(limits.client_write, sink.send(Message::Close(Some(frame)))).await;
}

/// The WebSocket's side.
struct Client<'a> {
    encoding: Encoding,
    numbered: bool,
    limits: &'a Limits,
    seat: &'a Seat,
    heard: Mutex<Instant>,
    /// The message whose arrival the client is asked to confirm; 0 for none.
    pinged: AtomicU64,
    /// The last message that was written.
    sent: AtomicU64,
    /// The client has confirmed something.
    confirmed: Notify,
}

impl Client<'_> {
    async fn read(
        &self,
        mut stream: SplitStream<WebSocket>,
        mut to_kernel: impl AsyncWrite + Unpin,
    ) -> Closing {
        while let Some(Ok(message)) = stream.next().await {
            *self.heard.lock().expect("no thread panics while it holds an instant") = Instant::now();
            let message = match (confirmed(&message), self.encoding.decode(message)) {
                (Some(seq), _) => {
                    self.pinged.store(0, Ordering::Relaxed);
                    self.seat.has(seq);
                    if seq < self.sent.load(Ordering::Relaxed) {
                        self.confirmed.notify_one();
                    }
                    ToKeeper::Has(seq)
                }
                (None, Ok(Some(Envelope { channel, parts }))) => ToKeeper::Request(channel, parts),
                (None, Ok(None)) => continue,
                (None, Err(error)) => return Closing(UNACCEPTABLE, error.to_string()),
            };
            if link::put(&mut to_kernel, &message).await.is_err() {
                return Closing(GOING_AWAY, "the kernel was shut down".into());
            }
        }
        Closing(NORMAL, "the client left".into())
    }

    async fn write(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        mut from_kernel: Frames<OwnedReadHalf>,
        kernel: &Kernel,
    ) -> Closing {
        let mut ping = interval(self.limits.ping_every);
        loop {
            let first = tokio::select! {
                message = from_kernel.next() => match message {
                    Some(ToAgent::Record(record)) => Some(record),
                    Some(ToAgent::News(_)) | None => {
                        // Who hears that a kernel is gone must not find it in the list any more.
                        let _ = timeout(NEWS_OF_THE_END, kernel.gone()).await;
                        return Closing(GOING_AWAY, "the kernel was shut down".into());
                    }
                },
                _ = ping.tick() => None,
                () = self.confirmed.notified() => None,
            };
            if self.is_silent() {
                return Closing(NORMAL, "the client did not answer".into());
            }
            let written = self.write_burst(sink, first, &mut from_kernel);
            if !matches!(timeout(self.limits.client_write, written).await, Ok(Ok(()))) {
                // It may have asked something and left: the other loop reads that, and ends when all is read.
                sleep(LAST_REQUESTS).await;
                return Closing(NORMAL, "the client cannot be written to".into());
            }
        }
    }

    /// Writes `first` and what is there already, and asks the client to say when it has all of it. One question is on
    /// its way at a time.
    async fn write_burst(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        first: Option<Record>,
        from_kernel: &mut Frames<OwnedReadHalf>,
    ) -> Result<(), axum::Error> {
        if let Some(first) = first {
            let more = std::iter::from_fn(|| match from_kernel.next_now() {
                Some(ToAgent::Record(record)) => Some(record),
                Some(ToAgent::News(_)) | None => None,
            });
            for record in std::iter::once(first).chain(more.take(BURST)) {
                self.sent.store(record.seq, Ordering::Relaxed);
                sink.feed(self.encode(record)).await?;
            }
        }
        let sent = self.sent.load(Ordering::Relaxed);
        if self.pinged.compare_exchange(0, sent, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            sink.feed(Message::Ping(Bytes::copy_from_slice(&sent.to_le_bytes()))).await?;
        }
        sink.flush().await
    }

    fn encode(&self, record: Record) -> Message {
        let (Flow::FromKernel(channel) | Flow::ToKernel(channel)) = record.flow;
        let parts = if self.numbered { sequence::with(&record.parts, record.seq) } else { record.parts };
        self.encoding.encode(&Envelope { channel, parts })
    }

    fn is_silent(&self) -> bool {
        let heard = *self.heard.lock().expect("no thread panics while it holds an instant");
        heard.elapsed() > self.limits.client_silence
    }
}

/// The number in a pong: it is that of our ping, and everything before it has arrived.
fn confirmed(message: &Message) -> Option<u64> {
    let Message::Pong(bytes) = message else { return None };
    bytes.as_ref().try_into().map(u64::from_le_bytes).ok()
}
