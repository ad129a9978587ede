//! The older form: a message is one JSON text with its `channel`. A message with buffers is a binary frame: a
//! count and that many offsets as 32-bit big-endian numbers, then the JSON and the buffers.
//!
//! The JSON parts are spliced in as the kernel wrote them.

use axum::extract::ws::{Message, Utf8Bytes};
use bytes::{BufMut as _, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Envelope, FrameError};
use crate::kernels::wire::{Channel, JSON_PARTS};

const NUMBER: usize = size_of::<u32>();

/// What a client sends; members that we do not need may be there.
#[derive(Deserialize)]
struct Incoming<'a> {
    channel: Option<String>,
    #[serde(borrow)]
    header: &'a RawValue,
    #[serde(borrow)]
    parent_header: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The two members of a header that this form repeats outside it.
#[derive(Default, Deserialize)]
struct Repeated<'a> {
    #[serde(borrow)]
    msg_id: Option<&'a RawValue>,
    #[serde(borrow)]
    msg_type: Option<&'a RawValue>,
}

/// The frame for `envelope`.
pub fn encode(envelope: &Envelope) -> Message {
    let json = json(envelope);
    match &envelope.parts[JSON_PARTS..] {
        [] => Message::Text(Utf8Bytes::from(String::from_utf8_lossy(&json).into_owned())),
        buffers => Message::Binary(with_buffers(json.into(), buffers)),
    }
}

fn json(envelope: &Envelope) -> Vec<u8> {
    let repeated: Repeated<'_> = serde_json::from_slice(&envelope.parts[0]).unwrap_or_default();
    let member = |value: Option<&RawValue>| value.map_or("null", RawValue::get).as_bytes().to_vec().into();
    let members: [(&str, Bytes); 6] = [
        ("header", envelope.parts[0].clone()),
        ("msg_id", member(repeated.msg_id)),
        ("msg_type", member(repeated.msg_type)),
        ("parent_header", envelope.parts[1].clone()),
        ("metadata", envelope.parts[2].clone()),
        ("content", envelope.parts[3].clone()),
    ];
    let mut json = format!("{{\"channel\":\"{}\"", envelope.channel.name()).into_bytes();
    for (name, value) in members {
        json.extend_from_slice(format!(",\"{name}\":").as_bytes());
        json.extend_from_slice(&value);
    }
    json.extend_from_slice(b",\"buffers\":[]}");
    json
}

fn with_buffers(json: Bytes, buffers: &[Bytes]) -> Bytes {
    let pieces = || std::iter::once(&json).chain(buffers);
    let count = buffers.len() + 1;
    let mut offset = NUMBER * (1 + count);
    let mut frame = BytesMut::with_capacity(offset + pieces().map(Bytes::len).sum::<usize>());
    frame.put_u32(saturated(count));
    for piece in pieces() {
        frame.put_u32(saturated(offset));
        offset += piece.len();
    }
    pieces().for_each(|piece| frame.extend_from_slice(piece));
    frame.freeze()
}

/// This form cannot say more than four gigabytes; a client will find such an offset outside its frame.
fn saturated(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The message in a text frame.
pub fn decode_text(text: &[u8]) -> Result<Envelope, FrameError> {
    decode(text, Vec::new())
}

/// The message in a binary frame; its buffers share the frame's memory.
pub fn decode_binary(frame: &Bytes) -> Result<Envelope, FrameError> {
    let mut numbers = frame.chunks_exact(NUMBER).map(|bytes| {
        let bytes: [u8; NUMBER] = bytes.try_into().map_err(|_| FrameError::Offsets)?;
        usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| FrameError::Offsets)
    });
    let count = numbers.next().ok_or(FrameError::Offsets)??;
    if count == 0 || count > frame.len() / NUMBER - 1 {
        return Err(FrameError::Offsets);
    }
    let mut offsets = numbers.take(count).collect::<Result<Vec<_>, _>>()?;
    offsets.push(frame.len());
    let mut pieces = offsets.windows(2).map(|ends| {
        let [start, end] = [ends[0], ends[1]];
        (start <= end && end <= frame.len()).then(|| frame.slice(start..end)).ok_or(FrameError::Offsets)
    });
    let json = pieces.next().ok_or(FrameError::Offsets)??;
    decode(&json, pieces.collect::<Result<_, _>>()?)
}

fn decode(json: &[u8], buffers: Vec<Bytes>) -> Result<Envelope, FrameError> {
    let Incoming { channel, header, parent_header, metadata, content } =
        serde_json::from_slice(json).map_err(|_| FrameError::Json)?;
    // Old clients leave the channel out and mean shell.
    let channel = channel.map_or(Some(Channel::Shell), |name| Channel::named(name.as_bytes()));
    let channel = channel.ok_or(FrameError::Channel)?;
    let part = |value: &RawValue| Bytes::copy_from_slice(value.get().as_bytes());
    let or_empty = |value: Option<&RawValue>| value.map_or(Bytes::from_static(b"{}"), part);
    let mut parts = vec![part(header), or_empty(parent_header), or_empty(metadata), part(content)];
    parts.extend(buffers);
    Ok(Envelope { channel, parts: parts.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(buffers: &[&'static str]) -> Envelope {
        let json = ["{\"msg_id\":\"a\",\"msg_type\":\"b\"}", "{}", "{}", "{\"c\":2}"];
        let parts: Vec<_> =
            json.iter().chain(buffers).map(|part| Bytes::from_static(part.as_bytes())).collect();
        Envelope { channel: Channel::Iopub, parts: parts.into() }
    }

    const JSON: &str = concat!(
        r#"{"channel":"iopub","header":{"msg_id":"a","msg_type":"b"},"msg_id":"a","msg_type":"b","#,
        r#""parent_header":{},"metadata":{},"content":{"c":2},"buffers":[]}"#
    );

    #[test]
    fn a_message_without_buffers_is_exactly_this_text() {
        assert_eq!(encode(&envelope(&[])), Message::Text(JSON.into()));
        assert_eq!(decode_text(JSON.as_bytes()), Ok(envelope(&[])));
    }

    #[test]
    fn a_message_with_buffers_is_exactly_this_frame() {
        let first = 16;
        let numbers = [3, first, first + JSON.len(), first + JSON.len() + 3];
        let mut frame: Vec<u8> = numbers.iter().flat_map(|number| saturated(*number).to_be_bytes()).collect();
        frame.extend_from_slice(JSON.as_bytes());
        frame.extend_from_slice(b"onetwo");
        let frame = Bytes::from(frame);
        assert_eq!(encode(&envelope(&["one", "two"])), Message::Binary(frame.clone()));
        assert_eq!(decode_binary(&frame), Ok(envelope(&["one", "two"])));
    }

    #[test]
    fn what_a_client_leaves_out_has_a_meaning_and_nonsense_has_none() {
        let text = br#"{"header": {}, "content": {}}"#;
        let parts = [const { Bytes::from_static(b"{}") }; 4];
        assert_eq!(decode_text(text), Ok(Envelope { channel: Channel::Shell, parts: parts.into() }));
        assert_eq!(decode_text(b"{}"), Err(FrameError::Json));
        assert_eq!(decode_binary(&Bytes::from_static(&[0, 0, 0, 9])), Err(FrameError::Offsets));
        assert_eq!(decode_binary(&Bytes::from_static(&[0; 4])), Err(FrameError::Offsets));
    }
}
