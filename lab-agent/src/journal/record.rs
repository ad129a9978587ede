//! One message in a journal, and its bytes.
//!
//! The same bytes stand in the file and travel to the agent: number, time in microseconds since 1970, flow, the
//! session with its length, the count of parts, their lengths, and the parts. All numbers are little-endian.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use jiff::Timestamp;

use crate::kernels::wire::{Channel, JSON_PARTS, Parts};

/// Which way a message went, and on which channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The kernel said it.
    FromKernel(Channel),
    /// A client asked it. Clients do not get these; they tell which cell an output belongs to.
    ToKernel(Channel),
}

/// Marks a message to the kernel in the byte of its flow.
const TO_KERNEL: u8 = 0x80;

/// A numbered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number; the first message of a kernel has 1.
    pub seq: u64,
    /// When it was written down, in microseconds since 1970.
    pub at_us: i64,
    /// Its way.
    pub flow: Flow,
    /// The client that it is for; empty for everybody.
    pub session: String,
    /// Its JSON parts and buffers.
    pub parts: Parts,
    body: Bytes,
}

impl Record {
    /// A record of this moment.
    pub fn new(seq: u64, flow: Flow, session: &str, parts: &Parts) -> Self {
        let body = encode(seq, Timestamp::now().as_microsecond(), flow, session, parts);
        Self::decode(body).expect("what was just encoded is a record")
    }

    /// The record in `body`, whose memory it shares; `None` when it is none.
    pub fn decode(body: Bytes) -> Option<Self> {
        let mut rest = body.clone();
        let (seq, at_us) = (rest.try_get_u64_le().ok()?, rest.try_get_i64_le().ok()?);
        let flow = Flow::from_byte(rest.try_get_u8().ok()?)?;
        let session = usize::from(rest.try_get_u16_le().ok()?);
        let session = String::from_utf8(take(&mut rest, session)?.to_vec()).ok()?;
        let parts = take_parts(&mut rest)?;
        (rest.is_empty()).then_some(Self { seq, at_us, flow, session, parts, body })
    }

    /// A message for everybody in the place just before this one: it has the number of what is no longer there.
    pub fn beside(&self, parts: &Parts) -> Self {
        Self::new(self.seq - 1, Flow::FromKernel(Channel::Iopub), "", parts)
    }

    /// Its bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the client of `session` gets it.
    pub fn is_for(&self, session: &str) -> bool {
        matches!(self.flow, Flow::FromKernel(_)) && (self.session.is_empty() || self.session == session)
    }
}

impl Flow {
    fn byte(self) -> u8 {
        match self {
            Self::FromKernel(channel) => channel.byte(),
            Self::ToKernel(channel) => channel.byte() | TO_KERNEL,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        let channel = Channel::from_byte(byte & !TO_KERNEL)?;
        Some(if byte & TO_KERNEL == 0 { Self::FromKernel(channel) } else { Self::ToKernel(channel) })
    }
}

fn encode(seq: u64, at_us: i64, flow: Flow, session: &str, parts: &Parts) -> Bytes {
    let length = parts.iter().map(|part| part.len() + 4).sum::<usize>() + session.len() + 32;
    let mut body = BytesMut::with_capacity(length);
    body.put_u64_le(seq);
    body.put_i64_le(at_us);
    body.put_u8(flow.byte());
    // Longer names of sessions are refused where clients come in.
    body.put_u16_le(u16::try_from(session.len()).unwrap_or_default());
    body.put_slice(session.as_bytes());
    put_parts(&mut body, parts);
    body.freeze()
}

/// Writes a count, that many lengths, and the parts.
pub fn put_parts(body: &mut BytesMut, parts: &Parts) {
    let number = |length: usize| u32::try_from(length).expect("messages are shorter than four gigabytes");
    body.put_u32_le(number(parts.len()));
    parts.iter().for_each(|part| body.put_u32_le(number(part.len())));
    parts.iter().for_each(|part| body.put_slice(part));
}

/// Reads what [`put_parts`] wrote; `None` when there are fewer bytes or parts than a message has.
pub fn take_parts(rest: &mut Bytes) -> Option<Parts> {
    let count = rest.try_get_u32_le().ok()? as usize;
    // A count larger than the bytes can hold must not decide how much memory is taken.
    if count < JSON_PARTS || count > rest.len() / 4 {
        return None;
    }
    let mut lengths = rest.split_to(count * 4);
    (0..count).map(|_| take(rest, lengths.get_u32_le() as usize)).collect()
}

fn take(rest: &mut Bytes, length: usize) -> Option<Bytes> {
    (length <= rest.len()).then(|| rest.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_bytes_and_no_shorter_bytes_are_one() {
        let parts: Parts =
            ["{}", "{}", "{}", "{}", "buffer"].map(|part| Bytes::from_static(part.as_bytes())).into();
        for flow in [Flow::FromKernel(Channel::Iopub), Flow::ToKernel(Channel::Shell)] {
            let record = Record::new(7, flow, "tab", &parts);
            assert_eq!(Record::decode(record.body().clone()), Some(record.clone()));
            let shorter = (0..record.body().len()).map(|end| Record::decode(record.body().slice(..end)));
            assert!(shorter.into_iter().all(|decoded| decoded.is_none()));
        }
    }

    #[test]
    fn broadcasts_are_for_everybody_and_requests_for_nobody() {
        let parts: Parts = ["{}"; 4].map(|part| Bytes::from_static(part.as_bytes())).into();
        let is_for = |flow, session| Record::new(1, flow, session, &parts).is_for("a");
        use Channel::{Iopub, Shell};
        let seen = [
            is_for(Flow::FromKernel(Iopub), ""),
            is_for(Flow::FromKernel(Shell), "a"),
            is_for(Flow::FromKernel(Shell), "b"),
            is_for(Flow::ToKernel(Shell), "a"),
        ];
        assert_eq!(seen, [true, true, false, false]);
    }
}
