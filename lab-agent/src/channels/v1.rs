//! The `v1.kernel.websocket.jupyter.org` form: a count and that many offsets as 64-bit little-endian numbers,
//! then the channel's name, the four JSON parts and the buffers; the last offset is the total length.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{Envelope, FrameError};
use crate::kernels::wire::{Channel, JSON_PARTS};

const NUMBER: usize = size_of::<u64>();

/// The frame for `envelope`.
pub fn encode(envelope: &Envelope) -> Bytes {
    let channel = Bytes::from_static(envelope.channel.name().as_bytes());
    let pieces = || std::iter::once(&channel).chain(envelope.parts.iter());
    let count = envelope.parts.len() + 2;
    let mut offset = NUMBER * (1 + count);
    let mut frame = BytesMut::with_capacity(offset + pieces().map(Bytes::len).sum::<usize>());
    frame.put_u64_le(count as u64);
    frame.put_u64_le(offset as u64);
    for piece in pieces() {
        offset += piece.len();
        frame.put_u64_le(offset as u64);
    }
    pieces().for_each(|piece| frame.extend_from_slice(piece));
    frame.freeze()
}

/// The message in `frame`; its parts share the frame's memory.
pub fn decode(frame: &Bytes) -> Result<Envelope, FrameError> {
    let offsets = offsets(frame)?;
    let mut pieces = offsets.windows(2).map(|ends| {
        let [start, end] = [ends[0], ends[1]];
        (start <= end && end <= frame.len()).then(|| frame.slice(start..end)).ok_or(FrameError::Offsets)
    });
    let channel = pieces.next().ok_or(FrameError::Offsets)??;
    let parts = pieces.collect::<Result<Vec<Bytes>, _>>()?;
    if parts.len() < JSON_PARTS {
        return Err(FrameError::Offsets);
    }
    Ok(Envelope { channel: Channel::named(&channel).ok_or(FrameError::Channel)?, parts: parts.into() })
}

fn offsets(frame: &Bytes) -> Result<Vec<usize>, FrameError> {
    let mut numbers = frame.chunks_exact(NUMBER).map(|bytes| {
        let bytes: [u8; NUMBER] = bytes.try_into().map_err(|_| FrameError::Offsets)?;
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| FrameError::Offsets)
    });
    let count = numbers.next().ok_or(FrameError::Offsets)??;
    // A count larger than the frame can hold must not decide how much memory is taken.
    if count > frame.len() / NUMBER - 1 {
        return Err(FrameError::Offsets);
    }
    numbers.take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        let parts =
            ["{\"h\":1}", "{}", "{}", "{\"c\":2}", "buf"].map(|part| Bytes::from_static(part.as_bytes()));
        Envelope { channel: Channel::Shell, parts: parts.into() }
    }

    /// Written out by hand from the description of the protocol.
    fn frame() -> Bytes {
        let numbers: [u64; 8] = [7, 64, 69, 76, 78, 80, 87, 90];
        let mut frame: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        frame.extend_from_slice(b"shell{\"h\":1}{}{}{\"c\":2}buf");
        frame.into()
    }

    #[test]
    fn a_message_has_exactly_this_frame() {
        assert_eq!(encode(&envelope()), frame());
        assert_eq!(decode(&frame()), Ok(envelope()));
    }

    #[test]
    fn frames_that_lie_about_themselves_are_refused() {
        let with = |index: usize, number: u64| {
            let mut frame = frame().to_vec();
            frame[index * 8..][..8].copy_from_slice(&number.to_le_bytes());
            decode(&frame.into())
        };
        let lies = [with(0, u64::MAX), with(0, 3), with(2, 68 << 32), with(2, 63), with(7, 91)];
        assert_eq!(lies, [const { Err(FrameError::Offsets) }; 5]);
        assert_eq!(decode(&Bytes::new()), Err(FrameError::Offsets));
        assert_eq!(with(1, 65), Err(FrameError::Channel));
    }
}
