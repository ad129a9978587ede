//! A kernel's channels over one WebSocket per client, in the two forms that Jupyter's clients speak: the `v1`
//! subprotocol, whose JSON parts pass through unparsed, and the older text form.
//!
//! A client that gives `cursor=N` gets everything that the kernel said after message N, once and in order; with
//! `cursor=latest` it begins with the next message. Each message then carries its number as the member
//! `nearside_sequence` of its metadata. Other clients get what Jupyter's server would send, and after a broken
//! connection what they have not confirmed by a pong. Which request means what is between client and kernel.

mod bridge;
mod legacy;
mod sequence;
mod v1;

use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::agent::Agent;
use crate::error::ApiError;
use crate::kernels::api;
use crate::kernels::wire::{Channel, Parts};
use crate::link::Cursor;

/// The subprotocol with binary frames. It is always echoed when offered: clients hang otherwise.
const V1: &str = "v1.kernel.websocket.jupyter.org";

/// Longer names of sessions are replaced by their hash.
const SESSION_MAX_BYTES: usize = 200;

/// A message and its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where it comes from or goes to.
    pub channel: Channel,
    /// Its JSON parts and buffers.
    pub parts: Parts,
}

/// Why a client's frame is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The offsets are not those of a message, or point outside it.
    #[error("this frame is no kernel message: its offsets are wrong")]
    Offsets,
    /// Not the JSON of a message.
    #[error("this frame is no kernel message: it is not the JSON of one")]
    Json,
    /// None of the four channels.
    #[error("there is no such channel: use shell, control or stdin")]
    Channel,
    /// Text on a connection that agreed on binary frames.
    #[error("this connection agreed on binary frames, and this is text")]
    Text,
}

/// How messages look on one WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    V1,
    Legacy,
}

impl Encoding {
    fn encode(self, envelope: &Envelope) -> Message {
        match self {
            Self::V1 => Message::Binary(v1::encode(envelope)),
            Self::Legacy => legacy::encode(envelope),
        }
    }

    /// `None` for frames of the WebSocket protocol itself.
    fn decode(self, message: Message) -> Result<Option<Envelope>, FrameError> {
        match (self, message) {
            (Self::V1, Message::Binary(bytes)) => v1::decode(&bytes).map(Some),
            (Self::V1, Message::Text(_)) => Err(FrameError::Text),
            (Self::Legacy, Message::Binary(bytes)) => legacy::decode_binary(&bytes).map(Some),
            (Self::Legacy, Message::Text(text)) => legacy::decode_text(text.as_bytes()).map(Some),
            (_, Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => Ok(None),
        }
    }
}

/// The query of the channels call.
#[derive(Deserialize)]
pub struct ChannelsQuery {
    session_id: Option<String>,
    cursor: Option<String>,
}

impl ChannelsQuery {
    /// The session; a client without one gets one that nobody else has.
    fn session(&self) -> String {
        match self.session_id.as_deref() {
            None | Some("") => Uuid::new_v4().to_string(),
            Some(session) if session.len() > SESSION_MAX_BYTES => hex::encode(Sha256::digest(session)),
            Some(session) => session.to_owned(),
        }
    }

    fn cursor(&self) -> Result<Cursor, ApiError> {
        match self.cursor.as_deref() {
            None => Ok(Cursor::Resume),
            Some("latest") => Ok(Cursor::Latest),
            Some(number) => number.parse().map(Cursor::After).map_err(|_| {
                ApiError::BadRequest(format!(
                    "cursor must be a message's number or 'latest', and not {number:?}"
                ))
            }),
        }
    }
}

/// `GET /api/kernels/{id}/channels`
pub async fn open(
    State(agent): State<Agent>,
    Path(id): Path<String>,
    Query(query): Query<ChannelsQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let kernel = api::named(&agent, &id)?;
    let limits = agent.config.limits.clone();
    let upgrade = upgrade
        .protocols([V1])
        .max_message_size(limits.websocket_message_bytes)
        .max_frame_size(limits.websocket_message_bytes);
    let encoding = if upgrade.selected_protocol().is_some() { Encoding::V1 } else { Encoding::Legacy };
    let (session, cursor) = (query.session(), query.cursor()?);
    Ok(upgrade.on_upgrade(move |socket| bridge::run(socket, kernel, session, cursor, encoding, limits)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use super::*;

    /// Mutated frames of each form.
    const FRAMES: u64 = 100_000;

    /// A sequence that looks random and is the same in every run (Marsaglia's xorshift).
    fn next(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 33).expect("31 bits")
    }

    /// Changes, removes or repeats bytes, most of them among the numbers at the beginning.
    fn mutated(frame: &[u8], random: &mut u64) -> Bytes {
        let mut frame = frame.to_vec();
        for _ in 0..=next(random) % 4 {
            let reach = if next(random).is_multiple_of(2) { frame.len() } else { frame.len().min(80) };
            let at = next(random) % reach.max(1);
            match next(random) % 4 {
                0 => frame.truncate(at),
                1 => frame.extend_from_within(at.min(frame.len())..),
                2 if at < frame.len() => frame[at] = 255,
                _ if at < frame.len() => frame[at] ^= 1 << (next(random) % 8),
                _ => {}
            }
        }
        frame.into()
    }

    #[test]
    fn mutated_frames_are_messages_or_refused_and_cost_little() {
        let parts: Parts = [r#"{"msg_id":"a"}"#, "{}", "{}", r#"{"c":2}"#, "one", "two"]
            .map(|part| Bytes::from_static(part.as_bytes()))
            .into();
        let envelope = Envelope { channel: Channel::Shell, parts };
        let (v1, Message::Binary(legacy)) = (v1::encode(&envelope), legacy::encode(&envelope)) else {
            panic!("a message with buffers is a binary frame");
        };
        let (mut random, start, mut refused) = (0x9E37_79B9_7F4A_7C15, Instant::now(), 0);
        for _ in 0..FRAMES {
            let v1 = Encoding::V1.decode(Message::Binary(mutated(&v1, &mut random)));
            let binary = mutated(&legacy, &mut random);
            let text = legacy::decode_text(&binary);
            let legacy = Encoding::Legacy.decode(Message::Binary(binary));
            refused +=
                [v1.is_err(), legacy.is_err(), text.is_err()].into_iter().filter(|refused| *refused).count();
        }
        assert!(refused > 100_000, "{refused} were refused");
        assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    }
}
