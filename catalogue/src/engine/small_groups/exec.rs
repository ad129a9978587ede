//! The operator: groups rows by place for as long as that works, and lets the engine do the rest.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput,
};
use datafusion::physical_plan::stream::{EmptyRecordBatchStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};

use super::groups::Groups;
use super::rest;

/// The first of the engine's two steps of grouping, done otherwise.
#[derive(Debug)]
pub(super) struct SmallGroupsExec {
    engine: AggregateExec,
    metrics: ExecutionPlanMetricsSet,
}

impl SmallGroupsExec {
    /// In place of the `engine`'s step.
    pub(super) fn new(engine: AggregateExec) -> Self {
        Self { engine, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for SmallGroupsExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmallGroups: ")?;
        self.engine.fmt_as(kind, f)
    }
}

impl ExecutionPlan for SmallGroupsExec {
    fn name(&self) -> &'static str {
        "SmallGroups"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.engine.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.engine.children()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.engine.apply_expressions(visit)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let engine = replace_children_if_necessary(Arc::new(self.engine.clone()), children)?;
        Ok(match engine.downcast_ref::<AggregateExec>() {
            Some(engine) => Arc::new(Self::new(engine.clone())),
            None => engine,
        })
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let memory = MemoryConsumer::new(format!("SmallGroups[{partition}]")).register(context.memory_pool());
        let work = Work {
            groups: Groups::of(&self.engine, memory)?,
            rows: self.engine.input().execute(partition, Arc::clone(&context))?,
            engine: self.engine.clone(),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            context,
        };
        let groups = stream::once(work.done()).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), groups)))
    }
}

/// What one thread has to do.
struct Work {
    groups: Groups,
    rows: SendableRecordBatchStream,
    engine: AggregateExec,
    metrics: BaselineMetrics,
    context: Arc<TaskContext>,
}

impl Work {
    /// The groups found by place, and after them those of the engine, some of which may be the same.
    async fn done(mut self) -> Result<impl Stream<Item = Result<RecordBatch>>> {
        let mut left = None;
        while left.is_none()
            && let Some(rows) = self.rows.try_next().await?
        {
            let time = self.metrics.elapsed_compute().timer();
            left = (!self.groups.add(&rows)?).then_some(rows);
            time.done();
        }
        let found = self.groups.finish()?.record_output(&self.metrics);
        let batch_rows = self.context.session_config().batch_size();
        let rest = match left {
            Some(first) => rest::grouped(self.engine, first, self.rows, self.context)?,
            None => Box::pin(EmptyRecordBatchStream::new(self.engine.schema())),
        };
        let batches = (0..found.num_rows()).step_by(batch_rows.max(1));
        let batches: Vec<_> =
            batches.map(|start| Ok(found.slice(start, batch_rows.min(found.num_rows() - start)))).collect();
        Ok(stream::iter(batches).chain(rest))
    }
}
