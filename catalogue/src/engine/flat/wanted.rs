//! What a scan makes of the numbers: which columns it reads, and the expressions on them that it gives.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::physical_expr::projection::{ProjectionExprs, Projector};
use datafusion::physical_expr::utils::reassign_expr_columns;

/// Columns of a table, all of them flat numbers, and what is made of them.
pub(super) struct Wanted {
    /// The columns as they are read.
    pub(super) columns: SchemaRef,
    /// Where they are in the table.
    pub(super) indices: Vec<usize>,
    projector: Projector,
}

impl Wanted {
    /// The columns that `projection` needs of a table; `None` where it needs none, or another type.
    pub(super) fn of(projection: &ProjectionExprs, table: &Schema) -> Result<Option<Self>> {
        let indices = projection.column_indices();
        let columns = SchemaRef::new(table.project(&indices)?);
        let flat = |kind: &DataType| matches!(kind, DataType::Float32 | DataType::Float64);
        if indices.is_empty() || !columns.fields().iter().all(|field| flat(field.data_type())) {
            return Ok(None);
        }
        let on_columns = projection.clone().try_map_exprs(|expr| reassign_expr_columns(expr, &columns))?;
        let projector = on_columns.make_projector(&columns)?;
        Ok(Some(Self { columns, indices, projector }))
    }

    /// The rows that the scan gives for the `columns` of some rows.
    pub(super) fn project(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let read = RecordBatch::try_new_with_options(SchemaRef::clone(&self.columns), columns, &options)?;
        self.projector.project_batch(&read)
    }
}
