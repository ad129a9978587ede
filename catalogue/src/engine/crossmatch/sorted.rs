//! Rows that are no table: collected, within the query's memory, and found by their place on the sky.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow_schema::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt, stream};

use super::cover;
use super::positions::Place;
use crate::engine::keys::KeyRanges;
use crate::healpix;

/// Rows of one batch, at most.
const BATCH_ROWS: usize = 8_192;

/// Rows that are sorted in one turn on a thread, about.
const TURN_ROWS: usize = 65_536;

/// Rows are sorted in groups of one tile of this order, so that others get a turn in between.
const GROUP_ORDER: u8 = 4;

/// A row: its key, its batch, its place in the batch. Sorts by place on the sky, then by order of arrival.
type Row = (i64, u32, u32);

/// All rows of an input.
#[derive(Debug)]
pub(super) struct Sorted {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: Vec<Row>,
}

impl Sorted {
    /// Runs `plan` to its end. Fails when the rows do not fit into `memory`.
    pub(super) async fn collect(
        plan: &Arc<dyn ExecutionPlan>,
        place: &Place,
        context: Arc<TaskContext>,
        memory: &MemoryReservation,
    ) -> Result<Self> {
        let (mut batches, mut groups) = (Vec::new(), Groups::default());
        let mut input = execute_stream(Arc::clone(plan), context)?;
        while let Some(batch) = input.next().await {
            let batch = batch?;
            memory.try_grow(batch.get_array_memory_size() + batch.num_rows() * size_of::<Row>())?;
            let keys = cover::keys(&place.of(&batch)?);
            let number = batches.len() as u32;
            keys.into_iter().zip(0u32..).for_each(|(key, row)| groups.add((key, number, row)));
            batches.push(batch);
        }
        Ok(Self { schema: plan.schema(), batches, rows: groups.sorted().await })
    }

    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The keys of all rows.
    pub(super) fn keys(&self) -> Vec<i64> {
        self.rows.iter().map(|row| row.0).collect()
    }

    /// Some of the rows, by their rank in the order of the sky.
    pub(super) fn ranks(&self, ranks: Range<usize>) -> Result<RecordBatch> {
        self.gather(&self.rows[ranks])
    }

    /// The rows with keys in `cover`.
    pub(super) fn near(self: &Arc<Self>, cover: &KeyRanges) -> SendableRecordBatchStream {
        let rank = |key: i64| self.rows.partition_point(|row| row.0 < key);
        let ranks = cover.ranges().iter().map(|keys| rank(*keys.start())..rank(keys.end() + 1));
        let ranks: Vec<usize> = ranks.flatten().collect();
        let parts: Vec<Vec<usize>> = ranks.chunks(BATCH_ROWS).map(<[usize]>::to_vec).collect();
        let this = Arc::clone(self);
        let batches = stream::iter(parts).map(move |part| {
            let rows: Vec<Row> = part.into_iter().map(|rank| this.rows[rank]).collect();
            this.gather(&rows)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }

    fn gather(&self, rows: &[Row]) -> Result<RecordBatch> {
        if rows.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.schema)));
        }
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let rows: Vec<(usize, usize)> =
            rows.iter().map(|&(_, batch, row)| (batch as usize, row as usize)).collect();
        Ok(interleave_record_batch(&batches, &rows)?)
    }
}

/// Rows by the tile they are in; those without a position come last.
#[derive(Default)]
struct Groups(BTreeMap<u64, Vec<Row>>);

impl Groups {
    fn add(&mut self, row: Row) {
        self.0.entry(healpix::tile_of(GROUP_ORDER, row.0)).or_default().push(row);
    }

    async fn sorted(self) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.0.values().map(Vec::len).sum());
        let mut rested = 0;
        for mut group in self.0.into_values() {
            group.sort_unstable();
            rows.append(&mut group);
            if rows.len() > rested + TURN_ROWS {
                rested = rows.len();
                tokio::task::yield_now().await;
            }
        }
        rows
    }
}
