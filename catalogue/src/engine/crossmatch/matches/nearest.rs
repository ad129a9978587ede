//! The closest row of each row of a chunk. Among equally close ones that with the smallest identifier, so that the
//! same question has the same answer however the rows were read.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::Int64Type;
use arrow_schema::SchemaRef;
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;

use crate::engine::crossmatch::cells::Pair;

/// A candidate: a row among those kept.
#[derive(Clone, Copy, Debug)]
struct Best {
    separation_deg: f64,
    id: i64,
    kept: u32,
}

impl Best {
    const NONE: Self = Self { separation_deg: f64::INFINITY, id: i64::MAX, kept: 0 };

    fn beats(&self, other: &Self) -> bool {
        (self.separation_deg, self.id) < (other.separation_deg, other.id)
    }
}

/// The closest rows so far.
pub(in crate::engine::crossmatch) struct Nearest {
    /// What decides between equally close rows.
    id: Option<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    best: Vec<Best>,
    kept: Vec<RecordBatch>,
    kept_rows: u32,
    kept_bytes: usize,
}

impl Nearest {
    /// For a chunk of `rows` rows, with candidates of the schema `schema`.
    pub(in crate::engine::crossmatch) fn new(
        rows: usize,
        schema: SchemaRef,
        id: Option<Arc<dyn PhysicalExpr>>,
    ) -> Self {
        Self { id, schema, best: vec![Best::NONE; rows], kept: Vec::new(), kept_rows: 0, kept_bytes: 0 }
    }

    /// Takes candidates among the rows of `other`, and keeps what is better than before.
    pub(super) fn add(&mut self, other: &RecordBatch, pairs: &[Pair]) -> Result<()> {
        let ids = match &self.id {
            Some(id) => Some(id.evaluate(other)?.into_array(other.num_rows())?),
            None => None,
        };
        let ids = ids.as_ref().and_then(|ids| ids.as_primitive_opt::<Int64Type>());
        let mut rows = Vec::new();
        for pair in pairs {
            let row = pair.other as usize;
            let id = ids.filter(|ids| ids.is_valid(row)).map_or(i64::MAX, |ids| ids.value(row));
            let kept = self.kept_rows + rows.len() as u32;
            let candidate = Best { separation_deg: pair.separation_deg, id, kept };
            let best = &mut self.best[pair.row as usize];
            if candidate.beats(best) {
                *best = candidate;
                rows.push(pair.other);
            }
        }
        self.keep(other, rows)
    }

    fn keep(&mut self, other: &RecordBatch, rows: Vec<u32>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let kept = take_record_batch(other, &UInt32Array::from(rows))?;
        self.kept_rows += kept.num_rows() as u32;
        self.kept_bytes += kept.get_array_memory_size();
        self.kept.push(kept);
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        self.kept_bytes + self.best.len() * size_of::<Best>()
    }

    /// The rows that were kept, and the pairs with them.
    pub(super) fn finish(self) -> Result<(RecordBatch, Vec<Pair>)> {
        let kept = concat_batches(&self.schema, &self.kept)?;
        let found = self.best.iter().zip(0u32..).filter(|(best, _)| best.separation_deg.is_finite());
        let pairs =
            found.map(|(best, row)| Pair { row, other: best.kept, separation_deg: best.separation_deg });
        Ok((kept, pairs.collect()))
    }
}
