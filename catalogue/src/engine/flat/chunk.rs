//! One column chunk, decoded from its first page to its last.

use arrow::array::{NullBufferBuilder, PrimitiveArray};
use bytes::Bytes;

use super::float::Float;
use super::layout::Place;
use super::page::Page;
use crate::engine::bounds::Defect;

/// A column chunk, and how far it is decoded.
pub(super) struct Chunk<T: Float> {
    place: Place,
    bytes: Bytes,
    at: usize,
    page: Page<T>,
}

impl<T: Float> Chunk<T> {
    /// The chunk at `place`, which consists of `bytes`.
    pub(super) fn new(place: Place, bytes: Bytes) -> Self {
        Self { place, bytes, at: 0, page: Page::default() }
    }

    /// The next rows. Fails where the chunk has fewer, or is broken.
    pub(super) fn take(&mut self, rows: usize) -> Result<PrimitiveArray<T>, Defect> {
        let mut values = Vec::with_capacity(rows);
        let mut nulls = NullBufferBuilder::new(rows);
        while values.len() < rows {
            match self.page.rows_left() {
                0 => self.turn()?,
                left => self.page.take(left.min(rows - values.len()), &mut values, &mut nulls),
            }
        }
        Ok(PrimitiveArray::new(values.into(), nulls.finish()))
    }

    /// Opens the next page.
    fn turn(&mut self) -> Result<(), Defect> {
        let offset = self.place.range.start + self.at as u64;
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Err(Defect::new(offset, "a column has fewer rows than its row group"));
        }
        self.at += self.page.open(rest, offset, &self.place)?;
        Ok(())
    }
}
