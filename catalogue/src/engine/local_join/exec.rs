//! The operator: each thread takes the next part of the identifiers, and joins the rows of both sides that have them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{binary, lit};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{TryStreamExt, stream};

use super::Ids;
use crate::engine::table::Scan;

/// A join of the rows of some identifiers after those of others.
#[derive(Clone, Debug)]
pub(crate) struct LocalJoinExec {
    /// The join of all rows, which is never run.
    join: Arc<HashJoinExec>,
    /// The identifiers of the left side and of the right.
    ids: [Arc<dyn PhysicalExpr>; 2],
    parts: Arc<[Ids]>,
    /// The next part to be taken by a thread.
    next: Arc<AtomicUsize>,
    properties: Arc<PlanProperties>,
}

impl LocalJoinExec {
    /// `join` in `parts`, by so many threads.
    pub(super) fn new(
        join: &HashJoinExec,
        ids: [Arc<dyn PhysicalExpr>; 2],
        parts: Vec<Ids>,
        threads: usize,
    ) -> Result<Self> {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(join.schema()),
            Partitioning::UnknownPartitioning(threads.clamp(1, parts.len())),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let (join, parts) = (Arc::new(join.builder().build()?), parts.into());
        Ok(Self { join, ids, parts, next: Arc::default(), properties: Arc::new(properties) })
    }

    /// The join of rows with some identifiers. The left side has exactly these, so that no pair is found twice, and so
    /// has the right side where rows come out without one.
    fn part(&self, ids: &Ids, context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
        let batch_rows = context.session_config().batch_size();
        let [left_id, right_id] = &self.ids;
        let left = exactly(rows_of(self.join.left(), ids)?, left_id, ids, batch_rows)?;
        let right = rows_of(self.join.right(), ids)?;
        let right = match self.join.join_type() {
            JoinType::Right | JoinType::RightAnti | JoinType::Full => {
                exactly(right, right_id, ids, batch_rows)?
            }
            _ => right,
        };
        let join = self
            .join
            .builder()
            .reset_state()
            .with_partition_mode(PartitionMode::CollectLeft)
            .with_new_children(vec![left, right])?
            .recompute_properties()
            .build_exec()?;
        // What is found on the left tells the scan of the right which pages to read.
        FilterPushdown::new_post_optimization().optimize(join, context.session_config().options())
    }
}

/// Those rows of one side whose identifier is among `ids`.
fn exactly(
    rows: Arc<dyn ExecutionPlan>,
    id: &Arc<dyn PhysicalExpr>,
    ids: &Ids,
    batch_rows: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = rows.schema();
    let from = binary(Arc::clone(id), Operator::GtEq, lit(*ids.start()), &schema)?;
    let to = binary(Arc::clone(id), Operator::LtEq, lit(*ids.end()), &schema)?;
    let filter = FilterExecBuilder::new(binary(from, Operator::And, to, &schema)?, rows);
    Ok(Arc::new(filter.with_batch_size(batch_rows).build()?))
}

/// One side of the join with rows of some identifiers, and others of the same pages, for one thread.
fn rows_of(side: &Arc<dyn ExecutionPlan>, ids: &Ids) -> Result<Arc<dyn ExecutionPlan>> {
    let narrowed = |node: Arc<dyn ExecutionPlan>| {
        if node.is::<RepartitionExec>() || node.is::<CoalescePartitionsExec>() {
            return Ok(Transformed::yes(Arc::clone(node.children()[0])));
        }
        let source = node.downcast_ref::<DataSourceExec>();
        match source.and_then(|source| source.data_source().downcast_ref::<Scan>()) {
            Some(scan) => Ok(Transformed::yes(DataSourceExec::from_data_source(scan.of_ids(ids)?) as _)),
            None => Ok(Transformed::yes(node.reset_state()?)),
        }
    };
    Arc::clone(side).transform_up(narrowed).data()
}

impl DisplayAs for LocalJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on: Vec<String> =
            self.join.on().iter().map(|(left, right)| format!("{left} = {right}")).collect();
        write!(
            f,
            "LocalJoin: type={}, on=[{}], parts={}",
            self.join.join_type(),
            on.join(", "),
            self.parts.len()
        )
    }
}

impl ExecutionPlan for LocalJoinExec {
    fn name(&self) -> &'static str {
        "LocalJoin"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![self.join.left(), self.join.right()]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        visit(&self.ids[0])
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let join = Arc::new(self.join.builder().with_new_children(children)?.build()?);
        Ok(Arc::new(Self { join, next: Arc::default(), ..Self::clone(&self) }))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (join, schema) = (self.clone(), self.schema());
        let take = move || {
            let ids = join.parts.get(join.next.fetch_add(1, Ordering::Relaxed))?;
            Some(join.part(ids, &context).and_then(|part| part.execute(0, Arc::clone(&context))))
        };
        let rows = stream::iter(std::iter::from_fn(take)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}
