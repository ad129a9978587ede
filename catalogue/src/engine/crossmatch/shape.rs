//! What the rows of an answer consist of: columns of both sides in the order that SQL announces, and the
//! separation where it is asked for.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::take_record_batch;
use arrow_schema::SchemaRef;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::physical_expr::PhysicalExpr;

use super::cells::Pair;

/// Which rows come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Pairs; and rows of the chunk without one, if they are wanted.
    Pairs { unmatched: bool },
    /// Rows of the chunk, once each, with a pair or without one.
    Rows { matched: bool },
}

/// A condition on pairs, besides their being close.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// What has to be true.
    pub(super) expr: Arc<dyn PhysicalExpr>,
    /// The columns it sees: of the left side and then of the right.
    pub(super) schema: SchemaRef,
}

/// The form of an answer.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// The columns.
    pub(super) schema: SchemaRef,
    /// Which rows.
    pub(super) output: Output,
    /// Whether the chunk is the left side.
    pub(super) chunk_is_left: bool,
    /// Whether the last column is the separation in arcseconds.
    pub(super) separation: bool,
    /// Which pairs count.
    pub(super) condition: Option<Condition>,
    /// Of the columns of the other side, for rows without a pair.
    pub(super) other_schema: SchemaRef,
}

impl Shape {
    /// Those of `pairs` that fulfil the condition.
    pub(super) fn filter(
        &self,
        chunk: &RecordBatch,
        other: &RecordBatch,
        pairs: &mut Vec<Pair>,
    ) -> Result<()> {
        let Some(condition) = &self.condition else { return Ok(()) };
        let (rows, others) = self.taken(chunk, other, pairs)?;
        let columns = self.in_order(rows, others);
        let joined = RecordBatch::try_new(Arc::clone(&condition.schema), columns)?;
        let holds = condition.expr.evaluate(&joined)?.into_array(joined.num_rows())?;
        let holds: &BooleanArray =
            holds.as_boolean_opt().ok_or_else(|| internal_datafusion_err!("a condition is true or false"))?;
        let mut holds = holds.iter();
        pairs.retain(|_| holds.next().flatten() == Some(true));
        Ok(())
    }

    /// The rows of pairs.
    pub(super) fn pairs(
        &self,
        chunk: &RecordBatch,
        other: &RecordBatch,
        pairs: &[Pair],
    ) -> Result<RecordBatch> {
        let (rows, others) = self.taken(chunk, other, pairs)?;
        let separations = pairs.iter().map(|pair| Some(pair.separation_deg * 3600.0)).collect();
        self.row(rows, others, separations)
    }

    /// Rows of the chunk alone, with nulls in the other columns where pairs come out.
    pub(super) fn alone(&self, chunk: &RecordBatch, rows: Vec<u32>) -> Result<RecordBatch> {
        let count = rows.len();
        let taken = take_record_batch(chunk, &UInt32Array::from(rows))?;
        match self.output {
            Output::Rows { .. } => {
                Ok(RecordBatch::try_new(Arc::clone(&self.schema), taken.columns().to_vec())?)
            }
            Output::Pairs { .. } => {
                let fields = self.other_schema.fields();
                let nulls = fields.iter().map(|field| new_null_array(field.data_type(), count)).collect();
                self.row(taken.columns().to_vec(), nulls, vec![None; count])
            }
        }
    }

    fn row(
        &self,
        chunk: Vec<ArrayRef>,
        other: Vec<ArrayRef>,
        separations: Vec<Option<f64>>,
    ) -> Result<RecordBatch> {
        let mut columns = self.in_order(chunk, other);
        if self.separation {
            columns.push(Arc::new(Float64Array::from(separations)));
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn in_order(&self, chunk: Vec<ArrayRef>, other: Vec<ArrayRef>) -> Vec<ArrayRef> {
        let (left, right) = if self.chunk_is_left { (chunk, other) } else { (other, chunk) };
        left.into_iter().chain(right).collect()
    }

    fn taken(
        &self,
        chunk: &RecordBatch,
        other: &RecordBatch,
        pairs: &[Pair],
    ) -> Result<(Vec<ArrayRef>, Vec<ArrayRef>)> {
        let rows = UInt32Array::from_iter_values(pairs.iter().map(|pair| pair.row));
        let others = UInt32Array::from_iter_values(pairs.iter().map(|pair| pair.other));
        let rows = take_record_batch(chunk, &rows)?.columns().to_vec();
        Ok((rows, take_record_batch(other, &others)?.columns().to_vec()))
    }
}
