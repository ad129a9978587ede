//! The operator: takes chunk after chunk of one side, reads what is near on the other, and gives out pairs.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use tokio::sync::OnceCell;

use super::cells::Test;
use super::input::Input;
use super::run::{Run, Started};
use super::shape::Shape;
use super::terms::Mode;

/// Everything that one match needs, before it starts.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// The side whose rows are taken chunk after chunk.
    pub(super) chunked: Input,
    /// The side that is read where each chunk is.
    pub(super) other: Input,
    /// What is close.
    pub(super) test: Test,
    /// Which of several close rows counts.
    pub(super) mode: Mode,
    /// Decides between equally close rows of the other side.
    pub(super) id: Option<Arc<dyn PhysicalExpr>>,
    /// What comes out.
    pub(super) shape: Shape,
}

/// The operator.
#[derive(Debug)]
pub(crate) struct CrossmatchExec {
    task: Arc<Match>,
    properties: Arc<PlanProperties>,
    /// What all threads share, made by the first.
    started: Arc<OnceCell<Started>>,
}

impl CrossmatchExec {
    /// A match by so many threads.
    pub(super) fn new(task: Match, threads: usize) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&task.shape.schema)),
            Partitioning::UnknownPartitioning(threads.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { task: Arc::new(task), properties: Arc::new(properties), started: Arc::default() }
    }

    fn threads(&self) -> usize {
        self.properties.partitioning.partition_count()
    }
}

impl DisplayAs for CrossmatchExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Match { test, mode, shape, .. } = self.task.as_ref();
        let first = if shape.chunk_is_left { "left" } else { "right" };
        write!(
            f,
            "Crossmatch: {}, mode={mode:?}, output={:?}, chunks of the {first} side",
            test.within, shape.output
        )
    }
}

impl ExecutionPlan for CrossmatchExec {
    fn name(&self) -> &'static str {
        "Crossmatch"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
    }

    /// The left side first.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        let (chunked, other) = (&self.task.chunked.plan, &self.task.other.plan);
        if self.task.shape.chunk_is_left { vec![chunked, other] } else { vec![other, chunked] }
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let places = [&self.task.chunked.place, &self.task.other.place];
        for expr in places.into_iter().flat_map(|place| [&place.ra, &place.dec]) {
            if visit(expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut task = Match::clone(&self.task);
        let right = children.swap_remove(1);
        let left = children.swap_remove(0);
        (task.chunked.plan, task.other.plan) =
            if task.shape.chunk_is_left { (left, right) } else { (right, left) };
        Ok(Arc::new(Self::new(task, self.threads())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut builder = RecordBatchReceiverStream::builder(self.schema(), 1);
        let run = Run {
            task: Arc::clone(&self.task),
            started: Arc::clone(&self.started),
            threads: self.threads(),
            answers: builder.tx(),
        };
        builder.spawn(run.all(partition, context));
        Ok(builder.build())
    }
}
