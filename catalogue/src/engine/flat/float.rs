//! The two ways in which floating-point numbers lie in pages.

use arrow::array::ArrowPrimitiveType;
use arrow::datatypes::{Float32Type, Float64Type};

/// A floating-point type.
pub(super) trait Float: ArrowPrimitiveType {
    /// Bytes of a number.
    const BYTES: usize;

    /// Appends all numbers of `bytes`, one after the other: PLAIN.
    fn plain(bytes: &[u8], values: &mut Vec<Self::Native>);

    /// Appends all numbers of `bytes`, which are the first bytes of all, then the second ones, and so on:
    /// BYTE_STREAM_SPLIT.
    fn joined(bytes: &[u8], values: &mut Vec<Self::Native>);
}

impl Float for Float32Type {
    const BYTES: usize = 4;

    fn plain(bytes: &[u8], values: &mut Vec<f32>) {
        values.extend(bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)));
    }

    fn joined(bytes: &[u8], values: &mut Vec<f32>) {
        values.extend(words(bytes).map(f32::from_bits));
    }
}

impl Float for Float64Type {
    const BYTES: usize = 8;

    fn plain(bytes: &[u8], values: &mut Vec<f64>) {
        values.extend(bytes.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number)));
    }

    /// In two halves, because compilers vectorise four streams, and not eight.
    fn joined(bytes: &[u8], values: &mut Vec<f64>) {
        let (low, high) = bytes.split_at(bytes.len() / 2);
        let mut halves = [[0; BLOCK]; 2];
        let count = low.len() / 4;
        for start in (0..count).step_by(BLOCK) {
            let block = BLOCK.min(count - start);
            for (half, streams) in halves.iter_mut().zip([low, high]) {
                half.iter_mut().zip(words_from(streams, start, block)).for_each(|(half, word)| *half = word);
            }
            let [low, high] = &halves;
            let both = low[..block].iter().zip(&high[..block]);
            values.extend(both.map(|(&low, &high)| f64::from_bits(u64::from(high) << 32 | u64::from(low))));
        }
    }
}

/// Numbers that are put together at once.
const BLOCK: usize = 256;

/// All words of four streams of bytes, the lowest first.
fn words(streams: &[u8]) -> impl Iterator<Item = u32> {
    words_from(streams, 0, streams.len() / 4)
}

/// `count` words from the one at `start`.
fn words_from(streams: &[u8], start: usize, count: usize) -> impl Iterator<Item = u32> {
    let length = streams.len() / 4;
    let stream = |number: usize| &streams[number * length + start..][..count];
    let (a, b, c, d) = (stream(0), stream(1), stream(2), stream(3));
    a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| u32::from_le_bytes([*a, *b, *c, *d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_bytes_are_put_together_in_any_number() {
        for count in [0, 1, 7, 256, 257, 1000] {
            let numbers: Vec<f64> = (0..count).map(|i| f64::from(i) * -1.25e-3).collect();
            let bytes: Vec<[u8; 8]> = numbers.iter().map(|number| number.to_le_bytes()).collect();
            let split: Vec<u8> =
                (0..8).flat_map(|byte| bytes.iter().map(move |number| number[byte])).collect();
            let (mut joined, mut plain) = (Vec::new(), Vec::new());
            Float64Type::joined(&split, &mut joined);
            Float64Type::plain(bytes.as_flattened(), &mut plain);
            assert_eq!((&joined, &plain), (&numbers, &numbers));
        }
    }
}
