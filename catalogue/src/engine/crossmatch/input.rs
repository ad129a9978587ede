//! One side of a match: a table, read by place, or rows of any other origin, collected first.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;

use super::cover;
use super::keyed::KeyedScan;
use super::positions::Place;
use super::sorted::Sorted;
use crate::engine::keys::KeyRanges;
use crate::engine::table::Within;

/// Rows of a chunk, about: few enough that its circles stay in a core's cache, enough that its own cost does not count.
const CHUNK_ROWS: usize = 32_768;

/// Fewer rows than this are not split between threads.
const LEAST_CHUNK_ROWS: usize = 16_384;

/// A side before the match begins.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// Its rows.
    pub(super) plan: Arc<dyn ExecutionPlan>,
    /// Where they are.
    pub(super) place: Place,
    /// How far a row may be from where its key says, in degrees.
    pub(super) margin_deg: f64,
}

impl Input {
    /// Collects what is no table.
    pub(super) async fn open(
        &self,
        context: &Arc<TaskContext>,
        threads: usize,
        memory: &MemoryReservation,
    ) -> Result<Opened> {
        if let Some(leaf) = KeyedScan::of(&self.plan) {
            let (plan, context) = (Arc::clone(&self.plan), Arc::clone(context));
            return Ok(Opened::Table(Table { plan, leaf, spans: Vec::new(), context }));
        }
        let rows = Sorted::collect(&self.plan, &self.place, Arc::clone(context), memory).await?;
        let chunk_rows = rows.len().div_ceil(threads.max(1)).clamp(LEAST_CHUNK_ROWS, CHUNK_ROWS);
        Ok(Opened::Rows { rows: Arc::new(rows), chunk_rows })
    }
}

/// A side whose rows are found by place, and which can be cut into chunks of neighbouring rows.
#[derive(Debug)]
pub(super) enum Opened {
    Table(Table),
    Rows {
        rows: Arc<Sorted>,
        /// Of each chunk.
        chunk_rows: usize,
    },
}

#[derive(Debug)]
pub(super) struct Table {
    plan: Arc<dyn ExecutionPlan>,
    leaf: KeyedScan,
    /// The keys of each chunk, of a side that is cut.
    spans: Vec<RangeInclusive<i64>>,
    context: Arc<TaskContext>,
}

impl Opened {
    /// Cut into chunks. That looks at all pages of a table, so only the side that is taken chunk by chunk is cut.
    pub(super) fn in_chunks(self) -> Result<Self> {
        Ok(match self {
            Self::Table(table) => Self::Table(Table { spans: table.leaf.spans(CHUNK_ROWS as u64)?, ..table }),
            rows @ Self::Rows { .. } => rows,
        })
    }

    /// Of a table that is taken chunk by chunk, nothing is kept for later but of the chunks that threads are at.
    pub(super) fn in_passing(self) -> Result<Self> {
        Ok(match self {
            Self::Table(table) => Self::Table(Table { leaf: table.leaf.in_passing()?, ..table }),
            rows @ Self::Rows { .. } => rows,
        })
    }

    /// Leaves out chunks that are nowhere near `cover`.
    pub(super) fn keep_near(&mut self, cover: &KeyRanges) {
        if let Self::Table(table) = self {
            table.spans.retain(|span| cover.touches(*span.start(), *span.end()));
        }
    }

    /// The number of chunks. Every row is in one.
    pub(super) fn chunks(&self) -> usize {
        match self {
            Self::Table(table) => table.spans.len(),
            Self::Rows { rows, chunk_rows } => rows.len().div_ceil(*chunk_rows),
        }
    }

    /// The rows of a chunk.
    pub(super) async fn chunk(&self, number: usize) -> Result<RecordBatch> {
        match self {
            Self::Table(table) => {
                let span = KeyRanges::new(vec![table.spans[number].clone()]);
                let rows = table.read(Within::Exactly(span))?;
                let schema = rows.schema();
                Ok(concat_batches(&schema, &rows.try_collect::<Vec<_>>().await?)?)
            }
            Self::Rows { rows, chunk_rows } => {
                let start = number * chunk_rows;
                rows.ranks(start..rows.len().min(start + chunk_rows))
            }
        }
    }

    /// The part of the sky within `reach_deg` of the rows, where that is known before they are read.
    pub(super) fn cover(&self, reach_deg: f64) -> Option<KeyRanges> {
        match self {
            Self::Table(_) => None,
            Self::Rows { rows, .. } => Some(cover::around(rows.keys(), reach_deg)),
        }
    }

    /// The rows with keys in `cover`, and perhaps others.
    pub(super) fn near(&self, cover: KeyRanges) -> Result<SendableRecordBatchStream> {
        match self {
            Self::Table(table) => table.read(Within::About(cover)),
            Self::Rows { rows, .. } => Ok(rows.near(&cover)),
        }
    }
}

impl Table {
    fn read(&self, within: Within) -> Result<SendableRecordBatchStream> {
        let part = self.leaf.part(&self.plan, within)?;
        execute_stream(part, Arc::clone(&self.context))
    }
}
