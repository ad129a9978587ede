//! How the agent and a keeper talk: frames over the keeper's Unix socket, one connection for each client and one
//! of the agent's own. A frame is its length and its kind, and then bytes; all numbers are little-endian.
//!
//! Both ends are the same program, so nothing here is negotiated. Frames that make no sense end a connection.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::journal::{Record, put_parts, take_parts};
use crate::kernels::wire::{Channel, Parts};
use crate::kernels::{ExecutionState, StartError};

/// Bytes of a frame's length and kind.
const HEAD_BYTES: usize = 5;
/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

/// Where a client begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cursor {
    /// After this message, which it has.
    After(u64),
    /// With the next message.
    Latest,
    /// Where its session stopped, as far as is known; a new session begins with the next message.
    Resume,
}

/// What an agent says to a keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToKeeper {
    /// First frame of a client's connection.
    Attach(Attach),
    /// First frame of a connection that reads everything after this message, also what is for one client alone.
    Follow(u64),
    /// First frame of the agent's own connection.
    Watch,
    /// A client's request, which is for the kernel.
    Request(Channel, Parts),
    /// The client has everything up to this message.
    Has(u64),
    /// Only on the agent's own connection.
    Order(Order),
}

/// A client's introduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// Its session; not empty.
    pub session: String,
    /// Where it begins.
    pub cursor: Cursor,
}

/// What a keeper is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Interrupt what the kernel is doing.
    Interrupt,
    /// Replace the kernel's process.
    Restart,
    /// Shut the kernel down. There is no answer but the end.
    Stop,
}

/// What a keeper says to an agent.
#[derive(Clone, Debug)]
pub enum ToAgent {
    /// A message for a client.
    Record(Record),
    /// On the agent's own connection.
    News(News),
}

/// What the agent hears about a kernel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum News {
    /// What it is doing; sent when that changes.
    Seen(Seen),
    /// The first process did not start; the keeper ends.
    Failed(StartError),
    /// The oldest order without an answer was carried out, or not.
    Done(Result<(), OrderError>),
    /// The kernel is gone for good; the keeper ends soon.
    Gone,
}

/// A kernel as its keeper sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Whether its first process has answered.
    pub begun: bool,
    /// What it is doing.
    pub state: ExecutionState,
    /// When it last said something.
    pub last_activity: Timestamp,
    /// Time since the last sign of work, in milliseconds.
    pub idle_ms: u64,
}

/// Why an order was not carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum OrderError {
    /// The kernel cannot be interrupted, in words.
    Interrupt(String),
    /// The new process did not start.
    Start(StartError),
}

const ATTACH: u8 = 1;
const WATCH: u8 = 2;
const REQUEST: u8 = 3;
const HAS: u8 = 4;
const ORDER: u8 = 5;
const RECORD: u8 = 6;
const NEWS: u8 = 7;
const FOLLOW: u8 = 8;

/// A message that travels in frames.
pub trait Framed: Sized {
    /// Kind and bytes.
    fn to_frame(&self) -> (u8, Bytes);
    /// The message in a frame; `None` when it is none.
    fn from_frame(kind: u8, body: Bytes) -> Option<Self>;
}

impl Framed for ToKeeper {
    fn to_frame(&self) -> (u8, Bytes) {
        match self {
            Self::Attach(attach) => (ATTACH, json(attach)),
            Self::Follow(seq) => (FOLLOW, Bytes::copy_from_slice(&seq.to_le_bytes())),
            Self::Watch => (WATCH, Bytes::new()),
            Self::Request(channel, parts) => {
                let mut body = BytesMut::with_capacity(64 + parts.iter().map(Bytes::len).sum::<usize>());
                body.put_u8(channel.byte());
                put_parts(&mut body, parts);
                (REQUEST, body.freeze())
            }
            Self::Has(seq) => (HAS, Bytes::copy_from_slice(&seq.to_le_bytes())),
            Self::Order(order) => (ORDER, json(order)),
        }
    }

    fn from_frame(kind: u8, mut body: Bytes) -> Option<Self> {
        Some(match kind {
            ATTACH => Self::Attach(serde_json::from_slice(&body).ok()?),
            FOLLOW => Self::Follow(body.try_get_u64_le().ok()?),
            WATCH => Self::Watch,
            REQUEST => Self::Request(Channel::from_byte(body.try_get_u8().ok()?)?, take_parts(&mut body)?),
            HAS => Self::Has(body.try_get_u64_le().ok()?),
            ORDER => Self::Order(serde_json::from_slice(&body).ok()?),
            _ => return None,
        })
    }
}

impl Framed for ToAgent {
    fn to_frame(&self) -> (u8, Bytes) {
        match self {
            Self::Record(record) => (RECORD, record.body().clone()),
            Self::News(news) => (NEWS, json(news)),
        }
    }

    fn from_frame(kind: u8, body: Bytes) -> Option<Self> {
        Some(match kind {
            RECORD => Self::Record(Record::decode(body)?),
            NEWS => Self::News(serde_json::from_slice(&body).ok()?),
            _ => return None,
        })
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("these types are JSON").into()
}

/// Writes a message. The caller flushes.
pub async fn put(writer: &mut (impl AsyncWrite + Unpin), message: &impl Framed) -> std::io::Result<()> {
    let (kind, body) = message.to_frame();
    let length = u32::try_from(body.len()).map_err(std::io::Error::other)?;
    writer.write_u32_le(length).await?;
    writer.write_u8(kind).await?;
    writer.write_all(&body).await
}

/// Reads messages.
pub struct Frames<R> {
    reader: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// A reader of frames.
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: BytesMut::new() }
    }

    /// The next message; `None` at the end and after nonsense. Nothing is lost when the wait is given up.
    pub async fn next<M: Framed>(&mut self) -> Option<M> {
        loop {
            if let Some((kind, body)) = self.whole() {
                return M::from_frame(kind, body);
            }
            self.buffer.reserve(READ_BYTES);
            if self.reader.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// The next message if all of it is here already.
    pub fn next_now<M: Framed>(&mut self) -> Option<M> {
        self.whole().and_then(|(kind, body)| M::from_frame(kind, body))
    }

    fn whole(&mut self) -> Option<(u8, Bytes)> {
        let length = self.buffer.get(..4)?.try_into().map(u32::from_le_bytes).ok()? as usize;
        if self.buffer.len() < HEAD_BYTES + length {
            return None;
        }
        let mut head = self.buffer.split_to(HEAD_BYTES);
        head.advance(4);
        Some((head.get_u8(), self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_arrive_as_they_were_sent_however_they_are_cut() {
        let parts: Parts =
            ["{}", "{}", "{}", "{}", "b"].map(|part| Bytes::from_static(part.as_bytes())).into();
        let messages = [
            ToKeeper::Attach(Attach { session: "tab".into(), cursor: Cursor::After(7) }),
            ToKeeper::Follow(3),
            ToKeeper::Watch,
            ToKeeper::Request(Channel::Shell, parts),
            ToKeeper::Has(9),
            ToKeeper::Order(Order::Restart),
        ];
        let mut bytes = Vec::new();
        for message in &messages {
            put(&mut bytes, message).await.expect("written to memory");
        }
        let (mut near, far) = tokio::io::duplex(3);
        let writer = tokio::spawn(async move { near.write_all(&bytes).await });
        let mut frames = Frames::new(far);
        for message in messages {
            assert_eq!(frames.next::<ToKeeper>().await, Some(message));
        }
        writer.await.expect("no panic").expect("written");
        assert_eq!(frames.next::<ToKeeper>().await, None);
    }
}
