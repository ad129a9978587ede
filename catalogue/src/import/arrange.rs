//! The second pass: runs become tiles, in parallel and slice by slice, so that memory does not grow with a tile.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use rayon::prelude::*;

use super::error::ImportError;
use super::histogram::{self, Histogram, Tile};
use super::merge;
use super::run_file::{self, Run};
use super::work::{Entry, TileEntry, Work, failed};
use crate::hats::{Kind, TileFile};
use crate::progress::Progress;

/// Rows that are handed to the Parquet writer at a time, whatever the slices are, because its pages depend on it:
/// the same rows give the same bytes. A whole number of pages, and a row group is a whole number of these.
const CHUNK_ROWS: usize = 16_384;

/// All rows of a table, in runs.
pub(super) struct Arranged<'a> {
    pub runs: &'a [Run],
    /// The columns of the table.
    pub schema: SchemaRef,
    pub kind: Kind,
    /// Bytes of rows that one thread may hold before it sorts them.
    pub sort_bytes: u64,
}

impl Arranged<'_> {
    /// Writes every tile that an earlier run has not, and gives all of them.
    pub fn tiles(
        &self,
        histogram: &Histogram,
        tiles: &[Tile],
        work: &Work,
        progress: &dyn Progress,
    ) -> Result<Vec<TileEntry>, ImportError> {
        let bytes: u64 = self.runs.iter().map(Run::bytes).sum();
        let row_bytes = (bytes / histogram.total().max(1)).max(1);
        let slice_rows = (self.sort_bytes / row_bytes).max(1);
        let written = tiles.par_iter().map(|tile| {
            let entry = match work.tile_before(tile.order, tile.npix) {
                Some(before) => before.clone(),
                None => self.tile(histogram, tile, slice_rows, work)?,
            };
            progress.advance(tile.rows);
            Ok(entry)
        });
        written.collect()
    }

    fn tile(
        &self,
        histogram: &Histogram,
        tile: &Tile,
        slice_rows: u64,
        work: &Work,
    ) -> Result<TileEntry, ImportError> {
        let Tile { order, npix, rows } = *tile;
        let path = work.tile(order, npix);
        let part = path.with_extension("part");
        let mut file = TileFile::create(&part, self.kind, &self.schema)?;
        let mut chunks = Chunks::new(&self.schema);
        for slice in self.slices(histogram, tile, slice_rows)? {
            let batches = self.rows(&slice)?;
            for sorted in run_file::sorted(&batches, CHUNK_ROWS) {
                for chunk in chunks.push(sorted?)? {
                    file.write(&chunk)?;
                }
            }
        }
        if let Some(rest) = chunks.rest()? {
            file.write(&rest)?;
        }
        let bytes = file.finish()?;
        std::fs::rename(&part, &path).map_err(failed("move into place", &path))?;
        let entry = TileEntry { order, npix, rows, bytes };
        work.finish(&Entry::Tile(entry.clone()))?;
        Ok(entry)
    }

    /// The rows of a slice from all runs, in the order of the files, with the columns of the table.
    fn rows(&self, slice: &Range<i64>) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut rows = Vec::new();
        for run in self.runs {
            let batches = run.rows(slice)?.into_iter().filter(|batch| batch.num_rows() > 0);
            for batch in batches {
                rows.push(merge::conform(&self.schema, &batch)?);
            }
        }
        Ok(rows)
    }

    /// Ranges of pixels along a tile with about `slice_rows` rows each. Only rows of one and the same pixel of order 29
    /// are never parted.
    fn slices(
        &self,
        histogram: &Histogram,
        tile: &Tile,
        slice_rows: u64,
    ) -> Result<Vec<Range<i64>>, ArrowError> {
        let mut slices = Vec::new();
        let (mut begin, mut rows) = (tile.pixels().start, 0);
        for cell in tile.cells() {
            let pixels = histogram::pixels_of(cell);
            let more = histogram.rows_of(cell);
            if rows > 0 && rows + more > slice_rows {
                slices.push(begin..pixels.start);
                (begin, rows) = (pixels.start, 0);
            }
            rows += more;
            if more > slice_rows {
                for cut in self.cuts(&pixels, slice_rows as usize)? {
                    slices.push(begin..cut);
                    begin = cut;
                }
            }
        }
        slices.push(begin..tile.pixels().end);
        Ok(slices)
    }

    /// Pixels at which a crowded cell falls into parts of about so many rows.
    fn cuts(&self, cell: &Range<i64>, part_rows: usize) -> Result<Vec<i64>, ArrowError> {
        let mut pixels = Vec::new();
        for run in self.runs {
            run.pixels(cell, &mut pixels)?;
        }
        pixels.sort_unstable();
        let mut cuts: Vec<i64> = pixels.iter().skip(part_rows).step_by(part_rows).copied().collect();
        cuts.dedup();
        cuts.retain(|&cut| cut > cell.start);
        Ok(cuts)
    }
}

/// Cuts a stream of rows into chunks of equal length.
struct Chunks<'a> {
    schema: &'a SchemaRef,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

impl<'a> Chunks<'a> {
    fn new(schema: &'a SchemaRef) -> Self {
        Self { schema, waiting: Vec::new(), rows: 0 }
    }

    /// Takes rows and gives the chunks that are full now.
    fn push(&mut self, rows: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        self.rows += rows.num_rows();
        self.waiting.push(rows);
        let mut full = Vec::new();
        if self.rows >= CHUNK_ROWS {
            let mut all = concat_batches(self.schema, &self.waiting)?;
            while all.num_rows() >= CHUNK_ROWS {
                full.push(all.slice(0, CHUNK_ROWS));
                all = all.slice(CHUNK_ROWS, all.num_rows() - CHUNK_ROWS);
            }
            self.rows = all.num_rows();
            self.waiting = vec![all];
        }
        Ok(full)
    }

    /// What is left at the end.
    fn rest(self) -> Result<Option<RecordBatch>, ArrowError> {
        let rest = concat_batches(self.schema, &self.waiting)?;
        Ok((rest.num_rows() > 0).then_some(rest))
    }
}
