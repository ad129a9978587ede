//! The keys of rows in 64 bits. `CAST(floor(x) AS BIGINT)`, the bin of a number, is computed in blocks: the engine makes an array of
//! every step from the number to its bin.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Schema};
use datafusion::common::Result;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::engine::number::{BLOCK, NO_NUMBERS, Number};

/// Numbers from here on are left to the engine, and so is NaN. All whole numbers below have a place among floating-point ones.
const FAR: f64 = 9e15;

/// How a key is computed.
pub(super) struct Key {
    /// As the engine knows it.
    expr: Arc<dyn PhysicalExpr>,
    /// What it is the bin of, if it is one.
    binned: Option<Number>,
    /// The columns that must have a value.
    columns: Vec<usize>,
}

impl Key {
    /// The key that is a whole number of a kind that 64 bits hold.
    pub(super) fn of(expr: Arc<dyn PhysicalExpr>, schema: &Schema) -> Self {
        let columns = collect_columns(&expr).iter().map(Column::index).collect();
        Self { binned: binned(&expr, schema), columns, expr }
    }

    /// The keys of some rows.
    pub(super) fn of_rows(&self, rows: &RecordBatch) -> Result<Int64Array> {
        if let Some(bins) = self.binned.as_ref().and_then(|number| bins(number, rows)) {
            let known = self.columns.iter().map(|&column| rows.column(column).nulls());
            let known = known.fold(None, |known, column| NullBuffer::union(known.as_ref(), column));
            return Ok(Int64Array::new(bins.into(), known));
        }
        let key = self.expr.evaluate(rows)?.into_array(rows.num_rows())?;
        Ok(cast(&key, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
    }
}

/// The `x` of `CAST(floor(x) AS BIGINT)`.
fn binned(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Number> {
    let cast = expr.downcast_ref::<CastExpr>().filter(|cast| *cast.cast_type() == DataType::Int64)?;
    let floor = cast.expr().downcast_ref::<ScalarFunctionExpr>()?;
    match floor.args() {
        [number] if floor.fun().name() == "floor" && *floor.return_type() == DataType::Float64 => {
            Number::of(number, schema)
        }
        _ => None,
    }
}

/// The bins of all rows; `None` where one is too far away. What stands where there is no number means nothing.
fn bins(number: &Number, rows: &RecordBatch) -> Option<Vec<i64>> {
    let mut bins = Vec::with_capacity(rows.num_rows());
    let mut room = NO_NUMBERS;
    for start in (0..rows.num_rows()).step_by(BLOCK) {
        let end = rows.num_rows().min(start + BLOCK);
        let numbers = number.each(rows, start..end, &mut room);
        if !numbers.iter().fold(true, |near, number| near & (number.abs() < FAR)) {
            return None;
        }
        // Casts go towards zero.
        bins.extend(numbers.iter().map(|&number| number as i64 - i64::from((number as i64 as f64) > number)));
    }
    Some(bins)
}
