//! A hash that tells files of different content or origin apart; not one that withstands malice.

use std::io::{self, Read};

/// Bytes of a mark where it is stored.
pub(crate) const MARK_BYTES: usize = size_of::<u64>();

/// Bytes that are hashed at a time.
const WORD_BYTES: usize = 8;

/// Bytes of what is marked as it is read. Whole words, so that only the last piece may end within one.
const PIECE_BYTES: usize = WORD_BYTES << 13;

/// The mark of bytes in memory.
pub(crate) fn mark(bytes: &[u8]) -> u64 {
    add(bytes.len() as u64, bytes)
}

/// The mark of the next `bytes` that a reader gives, of which a piece at a time is in memory. Fails where it ends earlier.
pub(crate) fn mark_of(mut reader: impl Read, bytes: u64) -> io::Result<u64> {
    let (mut piece, mut left, mut hash) = (vec![0; PIECE_BYTES], bytes, bytes);
    while left > 0 {
        let length = left.min(PIECE_BYTES as u64);
        let piece = &mut piece[..length as usize];
        reader.read_exact(piece)?;
        hash = add(hash, piece);
        left -= length;
    }
    Ok(hash)
}

fn add(hash: u64, bytes: &[u8]) -> u64 {
    bytes.chunks(WORD_BYTES).fold(hash, |hash, chunk| {
        let mut word = [0; WORD_BYTES];
        word[..chunk.len()].copy_from_slice(chunk);
        // The multiplier is the golden ratio in 64 bits, as in Knuth's multiplicative hashing.
        (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_in_pieces_have_the_mark_of_all() {
        for length in [0, 1, 7, 8, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 13] {
            let bytes: Vec<u8> = (0..length).map(|byte| (byte % 251) as u8).collect();
            let read = mark_of(&bytes[..], length as u64).expect("as many bytes");
            assert_eq!(read, mark(&bytes), "{length} bytes");
        }
    }

    #[test]
    fn bytes_that_end_too_early_have_no_mark() {
        let error = mark_of(&[1, 2, 3][..], 4).expect_err("three are not four");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
