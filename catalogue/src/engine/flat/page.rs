//! One page of flat numbers: which rows have a value, and the values. Its buffers serve all pages of a chunk.

use arrow::array::NullBufferBuilder;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use lz4_flex::block::decompress_into;

use super::float::Float;
use super::layout::Place;
use super::levels;
use crate::engine::bounds::{Defect, Page as Header, PageKind, page_at};

/// `Encoding` of parquet.thrift.
const PLAIN: i64 = 0;
const BYTE_STREAM_SPLIT: i64 = 9;

/// A page, and how far it is read.
#[derive(Debug)]
pub(super) struct Page<T: Float> {
    rows: usize,
    row: usize,
    /// Which rows have a value; `None` is all.
    valid: Option<BooleanBuffer>,
    /// The values of those rows.
    values: Vec<T::Native>,
    value: usize,
    unpacked: Vec<u8>,
}

impl<T: Float> Default for Page<T> {
    fn default() -> Self {
        Self { rows: 0, row: 0, valid: None, values: Vec::new(), value: 0, unpacked: Vec::new() }
    }
}

impl<T: Float> Page<T> {
    /// Rows that are not read yet.
    pub(super) fn rows_left(&self) -> usize {
        self.rows - self.row
    }

    /// Opens the page that `bytes` begin with, which lie at `offset` in the file. Returns the length of the page.
    pub(super) fn open(&mut self, bytes: &[u8], offset: u64, place: &Place) -> Result<usize, Defect> {
        let header = page_at(bytes, offset)?;
        let (start, length) = (header.header as usize, header.compressed as usize);
        let end = start + length;
        (self.rows, self.row, self.value) = (0, 0, 0);
        match header.kind {
            PageKind::Data | PageKind::DataV2 => self.decode(&bytes[start..end], &header, place)?,
            PageKind::Dictionary => {
                return Err(Defect::new(offset, "a page is a dictionary that the footer does not tell of"));
            }
            PageKind::Other => {}
        }
        Ok(end)
    }

    fn decode(&mut self, bytes: &[u8], header: &Header, place: &Place) -> Result<(), Defect> {
        let defect = |problem: &str| Defect::new(header.offset, problem);
        let rows = usize::try_from(header.values).map_err(|_| defect("a page claims too many values"))?;
        // In pages of the second version the levels lie before what is compressed.
        let levels = usize::try_from(header.levels).unwrap_or(usize::MAX);
        let (levels, packed) =
            bytes.split_at_checked(levels).ok_or_else(|| defect("a page is shorter than its levels"))?;
        let mut unpacked = std::mem::take(&mut self.unpacked);
        let body = match place.compressed && header.is_compressed {
            true => unpack(packed, &mut unpacked, header)?,
            false => packed,
        };
        let (levels, body) = match header.kind {
            PageKind::DataV2 => (levels, body),
            _ if place.nullable => {
                levels::split(body).ok_or_else(|| defect("a page has no room for its levels"))?
            }
            _ => (levels, body),
        };
        self.valid = match place.nullable {
            true => levels::decode(levels, rows)
                .ok_or_else(|| defect("a page says of too few rows whether they have a value"))?,
            false => None,
        };
        let count = self.valid.as_ref().map_or(rows, BooleanBuffer::count_set_bits);
        self.values.clear();
        decode_values::<T>(body, count, header.encoding, &mut self.values).map_err(defect)?;
        self.unpacked = unpacked;
        self.rows = rows;
        Ok(())
    }

    /// Appends the next rows, of which there are enough.
    pub(super) fn take(&mut self, rows: usize, values: &mut Vec<T::Native>, nulls: &mut NullBufferBuilder) {
        let valid = self.valid.as_ref().map(|valid| valid.slice(self.row, rows));
        self.row += rows;
        match valid {
            None => {
                values.extend_from_slice(&self.values[self.value..self.value + rows]);
                nulls.append_n_non_nulls(rows);
                self.value += rows;
            }
            Some(valid) => {
                let first = values.len();
                for (start, end) in valid.set_slices() {
                    // What stands in a row without a value does not matter.
                    values.resize(first + start, T::default_value());
                    values.extend_from_slice(&self.values[self.value..self.value + end - start]);
                    self.value += end - start;
                }
                values.resize(first + rows, T::default_value());
                nulls.append_buffer(&NullBuffer::new(valid));
            }
        }
    }
}

/// Decompresses into a buffer that is kept.
fn unpack<'a>(packed: &[u8], buffer: &'a mut Vec<u8>, header: &Header) -> Result<&'a [u8], Defect> {
    let bytes = usize::try_from(header.uncompressed - header.levels.min(header.uncompressed)).unwrap_or(0);
    if buffer.len() < bytes {
        buffer.resize(bytes, 0);
    }
    let unpacked = if bytes == 0 { Ok(0) } else { decompress_into(packed, &mut buffer[..bytes]) };
    match unpacked {
        Ok(unpacked) if unpacked == bytes => Ok(&buffer[..bytes]),
        Ok(unpacked) => {
            let problem = format!("a page claims {bytes} bytes, and decompresses to {unpacked}");
            Err(Defect::new(header.offset, problem))
        }
        Err(error) => Err(Defect::new(header.offset, format!("a page cannot be decompressed ({error})"))),
    }
}

/// Appends `count` values.
fn decode_values<T: Float>(
    body: &[u8],
    count: usize,
    encoding: i64,
    values: &mut Vec<T::Native>,
) -> Result<(), &'static str> {
    let body = count.checked_mul(T::BYTES).and_then(|bytes| body.get(..bytes));
    let body = body.ok_or("a page has fewer values than it claims")?;
    match encoding {
        PLAIN => T::plain(body, values),
        BYTE_STREAM_SPLIT => T::joined(body, values),
        _ => return Err("a page has an encoding that the footer does not tell of"),
    }
    Ok(())
}
