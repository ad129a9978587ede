//! Cuts a stretch of the sky into slices whose rows fit into memory.

use std::ops::Range;

use arrow::error::ArrowError;

use super::histogram::{self, Histogram};
use super::run_file::Run;

/// All rows of an import, to be taken slice by slice.
pub(super) struct Slices<'a> {
    pub runs: &'a [Run],
    /// How many rows are where.
    pub histogram: &'a Histogram,
    /// Rows that one thread may hold.
    pub rows: u64,
}

impl<'a> Slices<'a> {
    /// Slices of rows that take about so many bytes.
    pub fn new(runs: &'a [Run], histogram: &'a Histogram, bytes: u64) -> Self {
        let all: u64 = runs.iter().map(Run::bytes).sum();
        let row_bytes = (all / histogram.total().max(1)).max(1);
        Self { runs, histogram, rows: (bytes / row_bytes).max(1) }
    }

    /// Ranges of pixels along these cells. Only rows of one and the same pixel of order 29 are never parted.
    pub fn of(&self, cells: Range<u64>) -> Result<Vec<Range<i64>>, ArrowError> {
        let end = histogram::pixels_of(cells.end - 1).end;
        let mut slices = Vec::new();
        let (mut begin, mut rows) = (histogram::pixels_of(cells.start).start, 0);
        for cell in cells {
            let pixels = histogram::pixels_of(cell);
            let more = self.histogram.rows_of(cell);
            if rows > 0 && rows + more > self.rows {
                slices.push(begin..pixels.start);
                (begin, rows) = (pixels.start, 0);
            }
            rows += more;
            if more > self.rows {
                for cut in self.cuts(&pixels)? {
                    slices.push(begin..cut);
                    begin = cut;
                }
            }
        }
        slices.push(begin..end);
        Ok(slices)
    }

    /// Pixels at which a crowded cell falls into slices.
    fn cuts(&self, cell: &Range<i64>) -> Result<Vec<i64>, ArrowError> {
        let mut pixels = Vec::new();
        for run in self.runs {
            run.pixels(cell, &mut pixels)?;
        }
        pixels.sort_unstable();
        let rows = self.rows as usize;
        let mut cuts: Vec<i64> = pixels.iter().skip(rows).step_by(rows).copied().collect();
        cuts.dedup();
        cuts.retain(|&cut| cut > cell.start);
        Ok(cuts)
    }
}
