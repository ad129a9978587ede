//! Rows as bytes, most significant first (VOTable 1.4 sections 5.3 and 5.4).

mod even;

use crate::columns::{Values, items_of};

/// What stands for no value where there is no mask; the head declares the same.
pub(super) const NULL_BYTE: u8 = u8::MAX;
/// As [`NULL_BYTE`].
pub(super) const NULL_SHORT: i16 = i16::MIN;
/// As [`NULL_BYTE`].
pub(super) const NULL_INT: i32 = i32::MIN;
/// As [`NULL_BYTE`].
pub(super) const NULL_LONG: i64 = i64::MIN;

/// Appends `count` rows, each after a mask of its nulls where `masked`.
pub(super) fn rows(columns: &[Values], count: usize, masked: bool, out: &mut Vec<u8>) {
    let mask_bytes = if masked { columns.len().div_ceil(8) } else { 0 };
    if !even::rows(columns, count, mask_bytes, out) {
        cells(columns, count, masked, out);
    }
}

/// The same, cell after cell.
fn cells(columns: &[Values], count: usize, masked: bool, out: &mut Vec<u8>) {
    for row in 0..count {
        if masked {
            mask(columns, row, out);
        }
        for values in columns {
            cell(values, row, out);
        }
    }
}

/// A bit for each column, set where there is no value; the first is the highest of the first byte.
fn mask(columns: &[Values], row: usize, out: &mut Vec<u8>) {
    for eight in columns.chunks(8) {
        let mut byte = 0;
        for (bit, values) in eight.iter().enumerate() {
            byte |= u8::from(values.is_null(row)) << (7 - bit);
        }
        out.push(byte);
    }
}

fn cell(values: &Values, row: usize, out: &mut Vec<u8>) {
    if values.is_null(row) {
        return nothing(values, out);
    }
    match values {
        Values::Boolean(values) => out.push(if values.value(row) { b'T' } else { b'F' }),
        Values::UnsignedByte(values) => out.push(values.value(row)),
        Values::Short(values) => out.extend(values.value(row).to_be_bytes()),
        Values::Int(values) => out.extend(values.value(row).to_be_bytes()),
        Values::Long(values) => out.extend(values.value(row).to_be_bytes()),
        Values::Float(values) => out.extend(values.value(row).to_be_bytes()),
        Values::Double(values) => out.extend(values.value(row).to_be_bytes()),
        Values::Text(values) => {
            let text = values.value(row);
            length(text.chars().count(), out);
            // A char is ASCII (section 2.1); astropy reads no table at all that has others here.
            out.extend(text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')));
        }
        Values::Unicode(values) => {
            let text = values.value(row);
            length(text.encode_utf16().count(), out);
            text.encode_utf16().for_each(|unit| out.extend(unit.to_be_bytes()));
        }
        Values::List { lists, items, each } => {
            let range = items_of(lists, row);
            if each.is_none() {
                length(range.len(), out);
            }
            range.for_each(|item| cell(items, item, out));
        }
    }
}

/// What is written where there is no value.
fn nothing(values: &Values, out: &mut Vec<u8>) {
    match values {
        Values::Boolean(_) => out.push(b'?'),
        Values::UnsignedByte(_) => out.push(NULL_BYTE),
        Values::Short(_) => out.extend(NULL_SHORT.to_be_bytes()),
        Values::Int(_) => out.extend(NULL_INT.to_be_bytes()),
        Values::Long(_) => out.extend(NULL_LONG.to_be_bytes()),
        Values::Float(_) => out.extend(f32::NAN.to_be_bytes()),
        Values::Double(_) => out.extend(f64::NAN.to_be_bytes()),
        Values::List { items, each: Some(each), .. } => (0..*each).for_each(|_| nothing(items, out)),
        Values::Text(_) | Values::Unicode(_) | Values::List { .. } => length(0, out),
    }
}

/// A length; no value of a batch is as long as 4 GiB.
fn length(items: usize, out: &mut Vec<u8>) {
    out.extend(u32::try_from(items).unwrap_or(u32::MAX).to_be_bytes());
}
