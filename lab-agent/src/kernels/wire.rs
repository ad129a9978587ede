//! Jupyter messages as ZeroMQ frames: routing prefix, `<IDS|MSG>`, signature, then four JSON parts and buffers
//! ("The Wire Protocol" in "Messaging in Jupyter").
//!
//! The parts are passed on as they came. Only [`compose`] writes some, for the few messages of our own.

use std::sync::Arc;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;
use zeromq::ZmqMessage;

use super::model;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Header, parent header, metadata and content as JSON, then buffers: at least four, shared and never changed.
pub type Parts = Arc<[Bytes]>;

/// A kernel's channel, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Requests.
    Shell = 1,
    /// Broadcasts; nothing is sent to it.
    Iopub = 2,
    /// Questions of the kernel to the person.
    Stdin = 3,
    /// Requests that do not wait for others.
    Control = 4,
}

impl Channel {
    const ALL: [Self; 4] = [Self::Shell, Self::Iopub, Self::Stdin, Self::Control];

    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Iopub => "iopub",
            Self::Stdin => "stdin",
            Self::Control => "control",
        }
    }

    /// The channel that messages call so.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name().as_bytes() == name)
    }

    /// Its number, in journals and between agent and keeper.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// The channel of a number.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.byte() == byte)
    }
}

/// The number of JSON parts, which are also the signed ones.
pub const JSON_PARTS: usize = 4;

/// Why frames are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// No `<IDS|MSG>`, or fewer than four parts after the signature.
    #[error("the kernel sent frames that are no Jupyter message")]
    Malformed,
    /// Signed with another key.
    #[error("the kernel sent a message with a wrong signature")]
    BadSignature,
}

/// The key that the agent and one kernel process share.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// The key whose text stands in the connection file.
    pub fn new(text: &str) -> Self {
        Self(Hmac::new_from_slice(text.as_bytes()).expect("an HMAC key may have any length"))
    }

    fn over(&self, parts: &[Bytes]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        parts.iter().take(JSON_PARTS).for_each(|part| mac.update(part));
        mac
    }

    /// The frames that carry `parts` to a kernel.
    pub fn seal(&self, parts: &Parts) -> ZmqMessage {
        let signature = hex::encode(self.over(parts).finalize().into_bytes());
        let mut message = ZmqMessage::from(Bytes::from_static(DELIMITER));
        message.push_back(signature.into());
        parts.iter().for_each(|part| message.push_back(part.clone()));
        message
    }

    /// The parts in the frames of a kernel, if the kernel signed them.
    pub fn open(&self, message: ZmqMessage) -> Result<Parts, WireError> {
        let frames = message.into_vec();
        let delimiter = frames.iter().position(|f| f == DELIMITER).ok_or(WireError::Malformed)?;
        let (signature, parts) = frames[delimiter + 1..].split_first().ok_or(WireError::Malformed)?;
        if parts.len() < JSON_PARTS {
            return Err(WireError::Malformed);
        }
        let signature = hex::decode(signature).map_err(|_| WireError::BadSignature)?;
        self.over(parts).verify_slice(&signature).map_err(|_| WireError::BadSignature)?;
        Ok(parts.into())
    }
}

/// A message of our own. `parent` is the header of the request that it belongs to, if any.
pub fn compose(kind: &str, parent: Option<&Bytes>, content: &Value) -> Parts {
    let header = json!({
        "msg_id": Uuid::new_v4(),
        "msg_type": kind,
        "session": Uuid::new_v4(),
        "username": "nearside",
        "date": model::time(jiff::Timestamp::now()),
        "version": "5.4",
    });
    let parent = parent.cloned().unwrap_or_else(|| Bytes::from_static(b"{}"));
    [header.to_string().into(), parent, Bytes::from_static(b"{}"), content.to_string().into()].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        ["{\"h\":1}", "{}", "{}", "{\"c\":2}", "buffer"]
            .map(|part| Bytes::from_static(part.as_bytes()))
            .into()
    }

    /// The signature was computed by Python: `hmac.new(b"key", b'{"h":1}{}{}{"c":2}', "sha256").hexdigest()`.
    const SIGNATURE: &str = "06829948ac688bc613e1a3e1eaf6fdbabc39332b27532bd39e22164d4bc8179a";

    #[test]
    fn sealed_frames_are_delimiter_signature_and_parts() {
        let frames: Vec<String> = SigningKey::new("key")
            .seal(&parts())
            .iter()
            .map(|frame| String::from_utf8_lossy(frame).into_owned())
            .collect();
        assert_eq!(frames, ["<IDS|MSG>", SIGNATURE, "{\"h\":1}", "{}", "{}", "{\"c\":2}", "buffer"]);
    }

    #[test]
    fn opening_drops_the_routing_prefix_and_keeps_every_part() {
        let key = SigningKey::new("key");
        let mut message = key.seal(&parts());
        message.push_front(Bytes::from_static(b"topic"));
        assert_eq!(key.open(message), Ok(parts()));
    }

    #[test]
    fn a_message_signed_with_another_key_is_refused() {
        let message = SigningKey::new("other").seal(&parts());
        assert_eq!(SigningKey::new("key").open(message), Err(WireError::BadSignature));
    }

    #[test]
    fn frames_without_a_delimiter_or_parts_are_refused() {
        let key = SigningKey::new("key");
        assert_eq!(key.open(ZmqMessage::from(Bytes::from_static(b"x"))), Err(WireError::Malformed));
        assert_eq!(key.open(ZmqMessage::from(Bytes::from_static(DELIMITER))), Err(WireError::Malformed));
    }
}
