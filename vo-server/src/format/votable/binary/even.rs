//! Rows whose cells are as wide in one row as in the next: written column after column, because a loop over one type
//! asks nothing of each cell.

use arrow::buffer::NullBuffer;

use super::{NULL_BYTE, NULL_INT, NULL_LONG, NULL_SHORT};
use crate::columns::Values;

/// Appends `count` rows as [`super::cell`] would, after `mask_bytes` for the nulls of each. False, and nothing is
/// appended, where the width of a cell depends on its value.
pub(super) fn rows(columns: &[Values], count: usize, mask_bytes: usize, out: &mut Vec<u8>) -> bool {
    let Some(widths) = columns.iter().map(width).collect::<Option<Vec<_>>>() else { return false };
    let stride = mask_bytes + widths.iter().sum::<usize>();
    if count == 0 {
        return true;
    }
    let start = out.len();
    out.resize(start + stride * count, 0);
    let mut place = Place { rows: &mut out[start..], stride, at: mask_bytes };
    for (index, (values, width)) in columns.iter().zip(widths).enumerate() {
        place.column(values);
        if mask_bytes > 0 {
            place.mark(index, values.nulls());
        }
        place.at += width;
    }
    true
}

fn width(values: &Values) -> Option<usize> {
    match values {
        Values::Boolean(_) | Values::UnsignedByte(_) => Some(1),
        Values::Short(_) => Some(2),
        Values::Int(_) | Values::Float(_) => Some(4),
        Values::Long(_) | Values::Double(_) => Some(8),
        Values::Text(_) | Values::Unicode(_) | Values::List { .. } => None,
    }
}

/// Where a column goes: `at` bytes after the begin of each row.
struct Place<'a> {
    rows: &'a mut [u8],
    stride: usize,
    at: usize,
}

impl Place<'_> {
    fn column(&mut self, values: &Values) {
        let nulls = values.nulls();
        match values {
            Values::Boolean(array) => {
                let letters = array.values().iter().map(|truth| if truth { b'T' } else { b'F' });
                self.put(letters, nulls, b'?', |letter| [letter]);
            }
            Values::UnsignedByte(array) => {
                self.put(array.values().iter().copied(), nulls, NULL_BYTE, |byte| [byte]);
            }
            Values::Short(array) => {
                self.put(array.values().iter().copied(), nulls, NULL_SHORT, i16::to_be_bytes)
            }
            Values::Int(array) => self.put(array.values().iter().copied(), nulls, NULL_INT, i32::to_be_bytes),
            Values::Long(array) => {
                self.put(array.values().iter().copied(), nulls, NULL_LONG, i64::to_be_bytes)
            }
            Values::Float(array) => {
                self.put(array.values().iter().copied(), nulls, f32::NAN, f32::to_be_bytes)
            }
            Values::Double(array) => {
                self.put(array.values().iter().copied(), nulls, f64::NAN, f64::to_be_bytes)
            }
            // They have no width, and so no place.
            Values::Text(_) | Values::Unicode(_) | Values::List { .. } => {}
        }
    }

    fn put<T, const N: usize>(
        &mut self,
        values: impl Iterator<Item = T>,
        nulls: Option<&NullBuffer>,
        null: T,
        bytes: impl Fn(T) -> [u8; N],
    ) {
        for (cell, value) in self.rows[self.at..].chunks_mut(self.stride).zip(values) {
            cell[..N].copy_from_slice(&bytes(value));
        }
        let null = bytes(null);
        for row in rows_of(nulls) {
            self.rows[row * self.stride + self.at..][..N].copy_from_slice(&null);
        }
    }

    /// Sets the bit of column `index` in the masks of the rows that have no value.
    fn mark(&mut self, index: usize, nulls: Option<&NullBuffer>) {
        for row in rows_of(nulls) {
            self.rows[row * self.stride + index / 8] |= 0x80 >> (index % 8);
        }
    }
}

/// The rows without a value.
fn rows_of(nulls: Option<&NullBuffer>) -> Vec<usize> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    nulls.map(|nulls| (!nulls.inner()).set_indices().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::cells;
    use super::*;
    use crate::columns::columns_of;
    use crate::format::votable::tests::sample;

    #[test]
    fn columns_are_written_as_cells_are() {
        let even = sample().project(&[0, 1, 2, 3, 4, 5, 6, 0, 6]).expect("columns of one width");
        for batch in [even.clone(), even.slice(1, 1), even.slice(0, 0)] {
            let columns = columns_of(&batch).expect("values");
            for mask_bytes in [0, 2] {
                let (mut by_column, mut by_cell) = (vec![7], vec![7]);
                assert!(rows(&columns, batch.num_rows(), mask_bytes, &mut by_column));
                cells(&columns, batch.num_rows(), mask_bytes > 0, &mut by_cell);
                assert_eq!(by_column, by_cell);
            }
        }
    }

    #[test]
    fn texts_have_no_place() {
        let columns = columns_of(&sample()).expect("values");
        let mut out = vec![7];
        assert!(!rows(&columns, 2, 2, &mut out));
        assert_eq!(out, [7]);
    }
}
