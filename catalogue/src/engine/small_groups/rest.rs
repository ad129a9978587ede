//! The rows that are left when groups are no longer found by place: the engine groups them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::replace_children_if_necessary;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::{StreamExt, stream};

/// What the engine makes of `first` and the `others` after it.
pub(super) fn grouped(
    plan: AggregateExec,
    first: RecordBatch,
    others: SendableRecordBatchStream,
    context: Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let schema = others.schema();
    let rows = stream::iter([Ok(first)]).chain(others);
    let rows: SendableRecordBatchStream = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), rows));
    let rest = Rest { schema: Arc::clone(&schema), rows: Mutex::new(Some(rows)) };
    let rest = StreamingTableExec::try_new(schema, vec![Arc::new(rest)], None, [], false, None)?;
    replace_children_if_necessary(Arc::new(plan), vec![Arc::new(rest)])?.execute(0, context)
}

/// Rows that are read once.
struct Rest {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}

impl PartitionStream for Rest {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        rows.unwrap_or_else(|| {
            let twice = stream::iter([Err(internal_datafusion_err!("the rest of some rows is read twice"))]);
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), twice))
        })
    }
}
