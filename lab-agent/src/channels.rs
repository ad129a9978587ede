//! A kernel's channels over one WebSocket per client, in the two forms that Jupyter's clients speak: the `v1`
//! subprotocol, whose JSON parts pass through unparsed, and the older text form.
//!
//! Which request means what is between client and kernel; the one exception is a client's `shutdown_request`.

mod bridge;
mod legacy;
mod v1;

use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use thiserror::Error;
use uuid::Uuid;

use crate::agent::Agent;
use crate::error::ApiError;
use crate::kernels::{api, wire::Parts};

/// The subprotocol with binary frames. It is always echoed when offered: clients hang otherwise.
const V1: &str = "v1.kernel.websocket.jupyter.org";

/// A kernel's channel, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Requests.
    Shell,
    /// Broadcasts; nothing is sent to it.
    Iopub,
    /// Questions of the kernel to the person.
    Stdin,
    /// Requests that do not wait for others.
    Control,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Iopub => "iopub",
            Self::Stdin => "stdin",
            Self::Control => "control",
        }
    }

    fn parse(name: &[u8]) -> Result<Self, FrameError> {
        match name {
            b"shell" => Ok(Self::Shell),
            b"iopub" => Ok(Self::Iopub),
            b"stdin" => Ok(Self::Stdin),
            b"control" => Ok(Self::Control),
            _ => Err(FrameError::Channel),
        }
    }
}

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
    let session = query.session_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    Ok(upgrade.on_upgrade(move |socket| bridge::run(socket, kernel, session, encoding, limits)))
}
