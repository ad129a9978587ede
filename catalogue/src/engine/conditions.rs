//! Conditions on numbers, evaluated in blocks. The engine makes an array for every operator of `parallax > 5 * error`,
//! each as long as a batch: for a diagram of all rows that takes longer than reading them. Here all comparisons of
//! a filter are evaluated on a thousand rows at a time, which stay in the nearest cache.
//!
//! Only what is exact either way is taken: comparisons of floating-point columns and literals, arithmetic in 64 bits, and
//! `IS NOT NULL`. The rest of a filter stays the engine's, after these. Expressions elsewhere than in filters are not
//! touched, because a condition here may be false where SQL's is null. A batch with NaN is the engine's too.

mod comparison;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::expressions::{Column, IsNotNullExpr};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, conjunction, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};

use super::number::{BLOCK, NO_NUMBERS};
use comparison::Comparison;

/// Evaluates the conditions of filters in blocks, where it can.
#[derive(Debug)]
pub(super) struct InBlocks;

impl PhysicalOptimizerRule for InBlocks {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some(filter) = node.downcast_ref::<FilterExec>() else { return Ok(Transformed::no(node)) };
            let schema = filter.input().schema();
            let Some(predicate) = in_blocks(filter.predicate(), &schema) else {
                return Ok(Transformed::no(node));
            };
            let filter = FilterExecBuilder::from(filter).with_predicate(predicate).build()?;
            Ok(Transformed::yes(Arc::new(filter)))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "in_blocks"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same filter with what can be evaluated in blocks before the rest; `None` where nothing can.
fn in_blocks(predicate: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Option<Arc<dyn PhysicalExpr>> {
    let (ours, others): (Vec<_>, Vec<_>) = split_conjunction(predicate)
        .into_iter()
        .cloned()
        .partition(|condition| Condition::of(condition, schema).is_some());
    let first = Conditions::of(ours, schema)?;
    Some(conjunction(std::iter::once(Arc::new(first) as _).chain(others)))
}

/// One condition on a row.
#[derive(Debug)]
enum Condition {
    /// It has a value in a column.
    Known,
    /// Two numbers compare so.
    Compares(Comparison),
}

impl Condition {
    fn of(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Self> {
        if let Some(known) = expr.downcast_ref::<IsNotNullExpr>() {
            let column = known.arg().downcast_ref::<Column>()?.index();
            return schema.field(column).data_type().is_primitive().then_some(Self::Known);
        }
        Comparison::of(expr, schema).map(Self::Compares)
    }
}

/// Whether a row has values in all columns, and all comparisons hold.
#[derive(Debug)]
struct Conditions {
    comparisons: Vec<Comparison>,
    columns: Vec<usize>,
    /// As the engine knows them.
    expr: Arc<dyn PhysicalExpr>,
    schema: SchemaRef,
}

impl Conditions {
    /// The conjunction of `conditions`, if there are any and each is a [`Condition`].
    fn of(conditions: Vec<Arc<dyn PhysicalExpr>>, schema: &SchemaRef) -> Option<Self> {
        let each: Option<Vec<Condition>> =
            conditions.iter().map(|condition| Condition::of(condition, schema)).collect();
        let each = each.filter(|each| !each.is_empty())?;
        let expr = conjunction(conditions);
        let mut columns: Vec<usize> = collect_columns(&expr).iter().map(Column::index).collect();
        columns.sort_unstable();
        let comparisons = each.into_iter().filter_map(|condition| match condition {
            Condition::Compares(comparison) => Some(comparison),
            Condition::Known => None,
        });
        Some(Self { comparisons: comparisons.collect(), columns, expr, schema: Arc::clone(schema) })
    }

    /// The rows for which all conditions are true; `None` where the engine has to look.
    fn hold(&self, batch: &RecordBatch) -> Option<BooleanBuffer> {
        let mut hold = vec![true; batch.num_rows()];
        let mut rooms = [NO_NUMBERS; 2];
        for (block, hold) in hold.chunks_mut(BLOCK).enumerate() {
            let start = block * BLOCK;
            for comparison in &self.comparisons {
                comparison.narrow(batch, start..start + hold.len(), &mut rooms, hold)?;
            }
        }
        let hold = packed(&hold);
        let known = self.columns.iter().map(|&column| batch.column(column).nulls());
        let known = known.fold(None, |known, column| NullBuffer::union(known.as_ref(), column));
        Some(match known {
            Some(known) => &hold & known.inner(),
            None => hold,
        })
    }
}

/// A bit for each row. Eight are put together at once: the factor moves the lowest bit of byte `i` to bit `56 + i`.
fn packed(rows: &[bool]) -> BooleanBuffer {
    let byte = |eight: [bool; 8]| {
        (u64::from_le_bytes(eight.map(u8::from)).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    };
    let (eights, rest) = rows.as_chunks();
    let mut last = [false; 8];
    last[..rest.len()].copy_from_slice(rest);
    let bits: Vec<u8> = eights.iter().copied().chain([last]).map(byte).collect();
    BooleanBuffer::new(bits.into(), 0, rows.len())
}

impl PhysicalExpr for Conditions {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.expr.nullable(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        match self.hold(batch) {
            Some(hold) => Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(hold, None)))),
            None => self.expr.evaluate(batch),
        }
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.expr]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let expr = children.swap_remove(0);
        Ok(in_blocks(&expr, &self.schema).unwrap_or(expr))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt_sql(f)
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl PartialEq for Conditions {
    fn eq(&self, other: &Self) -> bool {
        self.expr.eq(&other.expr)
    }
}

impl Eq for Conditions {}

impl Hash for Conditions {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expr.hash(state);
    }
}
