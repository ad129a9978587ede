//! Definition levels of a flat column: for each row one bit, whether it has a value. "Run Length Encoding /
//! Bit-Packing Hybrid" of Parquet's encodings, for levels of at most one.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;

/// The levels that a page of the first version begins with, and its values.
pub(super) fn split(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// Which of `rows` have a value: `Some(None)` is all of them, and `None` that the levels end too early.
pub(super) fn decode(mut levels: &[u8], rows: usize) -> Option<Option<BooleanBuffer>> {
    let mut valid: Option<BooleanBufferBuilder> = None;
    let mut done = 0;
    while done < rows {
        let header = varint(&mut levels)?;
        let run = usize::try_from(header >> 1).ok()?;
        let (values, count) = match header & 1 {
            0 => (take(&mut levels, 1)?, run.min(rows - done)),
            _ => {
                let count = run.checked_mul(8)?.min(rows - done);
                // Writers may leave out the last bytes of the last run.
                let bytes = run.min(levels.len());
                (take(&mut levels, bytes)?, count)
            }
        };
        if header & 1 == 0 && values == [1] && done == 0 && count == rows {
            return Some(None);
        }
        let valid = valid.get_or_insert_with(|| BooleanBufferBuilder::new(rows));
        match header & 1 {
            0 => valid.append_n(count, values == [1]),
            _ if values.len() < count.div_ceil(8) => return None,
            _ => valid.append_packed_range(0..count, values),
        }
        done += count;
    }
    Some(valid.map(|mut valid| valid.finish()))
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_bits_follow_each_other() {
        // Three of value 1; eight bits, of which five count.
        let valid = decode(&[6, 1, 3, 0b0000_1010], 8).expect("enough").expect("some are missing");
        let told: Vec<bool> = valid.iter().collect();
        assert_eq!(told, [true, true, true, false, true, false, true, false]);
    }

    #[test]
    fn one_run_of_values_is_all_rows() {
        assert_eq!(decode(&[0x90, 3, 1], 200), Some(None));
        assert_eq!(decode(&[], 0), Some(None));
    }

    #[test]
    fn levels_that_end_too_early_are_told() {
        assert_eq!(decode(&[6, 1], 4), None);
        assert_eq!(decode(&[5, 0xff], 16), None);
        assert_eq!(decode(&[0xff; 20], 4), None);
        assert_eq!(split(&[2, 0, 0, 0, 9]), None);
        assert_eq!(split(&[1, 0, 0, 0, 9, 8]), Some((&[9][..], &[8][..])));
    }
}
