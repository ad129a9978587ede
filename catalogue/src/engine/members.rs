//! `source_id IN (...)` of any length, as one expression that every file shares. The engine's own takes lists
//! apart and rebuilds them for each file, which for ten thousand identifiers costs more than reading them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Schema};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

use super::keys::KeyRanges;

/// Whether a column of keys is one of many.
#[derive(Debug)]
pub(crate) struct Members {
    column: Arc<dyn PhysicalExpr>,
    keys: Arc<KeyRanges>,
}

impl Members {
    /// `column` must be of 64-bit integers.
    pub(crate) fn new(column: Arc<dyn PhysicalExpr>, keys: Arc<KeyRanges>) -> Self {
        Self { column, keys }
    }
}

impl PhysicalExpr for Members {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, input: &Schema) -> Result<bool> {
        self.column.nullable(input)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let column = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        let column = column.as_primitive_opt::<Int64Type>();
        let column = column.ok_or_else(|| internal_datafusion_err!("keys are 64-bit integers"))?;
        // Rows that come by place, with the keys of their places, take no search for each.
        let found = match column.null_count() == 0 && column.values().is_sorted() {
            true => BooleanArray::new(self.keys.among(column.values()), None),
            false => BooleanArray::from_unary(column, |key| self.keys.touches(key, key)),
        };
        Ok(ColumnarValue::Array(Arc::new(found)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self { column: children.swap_remove(0), keys: Arc::clone(&self.keys) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} IN ({} ranges of keys)", self.column, self.keys.len())
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.keys == other.keys
    }
}

impl Eq for Members {}

impl Hash for Members {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.keys.len().hash(state);
    }
}
