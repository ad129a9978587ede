//! The second pass: runs become tiles, in parallel and slice by slice, so that memory does not grow with a tile.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use rayon::prelude::*;

use super::error::ImportError;
use super::histogram::{Histogram, Tile};
use super::limits::ImportLimits;
use super::merge;
use super::run_file::{self, Run};
use super::slices::Slices;
use super::work::{Entry, TileEntry, Work, failed};
use crate::hats::{Kind, TileFile};
use crate::progress::Progress;

/// Pages that are handed to the Parquet writer at a time, whatever the slices are, because it ends its pages by that:
/// the same rows give the same bytes.
const CHUNK_PAGES: usize = 32;

/// All rows of a table, in runs.
pub(super) struct Arranged<'a> {
    pub runs: &'a [Run],
    /// The columns of the table.
    pub schema: SchemaRef,
    pub kind: Kind,
    pub limits: ImportLimits,
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
        let slices = Slices::new(self.runs, histogram, self.limits.sort_bytes());
        let written = tiles.par_iter().map(|tile| {
            let entry = match work.tile_before(tile.order, tile.npix) {
                Some(before) => before.clone(),
                None => self.tile(&slices, tile, work)?,
            };
            progress.advance(tile.rows);
            Ok(entry)
        });
        written.collect()
    }

    fn tile(&self, slices: &Slices<'_>, tile: &Tile, work: &Work) -> Result<TileEntry, ImportError> {
        let Tile { order, npix, rows } = *tile;
        let path = work.tile(order, npix);
        let part = path.with_extension("part");
        let mut file = TileFile::create(&part, self.kind, &self.schema)?;
        let chunk_rows = CHUNK_PAGES * self.kind.page_rows();
        let mut chunks = Chunks::new(&self.schema, chunk_rows);
        for slice in slices.of(tile.cells())? {
            let batches = self.rows(&slice)?;
            for sorted in run_file::sorted(&batches, chunk_rows) {
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
    fn rows(&self, slice: &Range<i64>) -> Result<Vec<RecordBatch>, ImportError> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let limit_bytes = self.limits.memory_bytes;
        for run in self.runs {
            let batches = run.rows(slice)?.into_iter().filter(|batch| batch.num_rows() > 0);
            for batch in batches {
                bytes += run_file::bytes(&batch);
                if bytes > limit_bytes {
                    return Err(ImportError::Crowded { limit_bytes });
                }
                rows.push(merge::conform(&self.schema, &batch)?);
            }
        }
        Ok(rows)
    }
}

/// Cuts a stream of rows into chunks of equal length.
struct Chunks<'a> {
    schema: &'a SchemaRef,
    length: usize,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

impl<'a> Chunks<'a> {
    fn new(schema: &'a SchemaRef, length: usize) -> Self {
        Self { schema, length, waiting: Vec::new(), rows: 0 }
    }

    /// Takes rows and gives the chunks that are full now.
    fn push(&mut self, rows: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
        self.rows += rows.num_rows();
        self.waiting.push(rows);
        let mut full = Vec::new();
        if self.rows >= self.length {
            let mut all = concat_batches(self.schema, &self.waiting)?;
            while all.num_rows() >= self.length {
                full.push(all.slice(0, self.length));
                all = all.slice(self.length, all.num_rows() - self.length);
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
