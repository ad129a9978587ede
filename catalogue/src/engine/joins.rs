//! Large joins in many parts. The engine puts one side of a join into as many tables as there are threads, and each
//! in one go: with ten million rows that takes a second in which the query cannot be stopped, and the table is
//! larger than any cache. So a large side is cut into more and smaller parts.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

/// Rows of a part, about. Some fifty milliseconds of work.
const PART_ROWS: usize = 1 << 19;

/// Parts of a join, at most: each has buffers of its own.
const PARTS: usize = 128;

/// Bytes up to which the small side of a join becomes one table, so that the other side, which may be of light curves,
/// is not distributed. A million identifiers take a tenth of a second, in which the query cannot be stopped.
pub(crate) const WHOLE_BYTES: usize = 8 << 20;

/// The engine's rules, with the one that distributes rows among threads replaced.
pub(crate) fn in_parts(
    rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    in_parts_of(PART_ROWS, rules)
}

fn in_parts_of(
    part_rows: usize,
    rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let replaced = |rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>| match rule.name() {
        "EnsureRequirements" => Arc::new(InParts { rule, part_rows }) as _,
        _ => rule,
    };
    rules.into_iter().map(replaced).collect()
}

/// Distributes rows among more parts than threads when a join is large.
#[derive(Debug)]
struct InParts {
    rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
    part_rows: usize,
}

impl PhysicalOptimizerRule for InParts {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let parts = largest_table(&plan)?.div_ceil(self.part_rows).min(PARTS);
        if parts <= config.execution.target_partitions {
            return self.rule.optimize(plan, config);
        }
        let mut config = config.clone();
        config.execution.target_partitions = parts;
        // Only joins and groups need the parts: scans and what follows them stay with the threads.
        config.optimizer.enable_round_robin_repartition = false;
        config.optimizer.repartition_file_scans = false;
        self.rule.optimize(plan, &config)
    }

    fn name(&self) -> &str {
        self.rule.name()
    }

    fn schema_check(&self) -> bool {
        self.rule.schema_check()
    }
}

/// Rows of the largest side that a join in the plan makes a table of, as far as anything is known.
fn largest_table(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    let known = StatisticsContext::new();
    let mut largest = 0;
    plan.apply(|node| {
        let join = node.downcast_ref::<HashJoinExec>();
        if let Some(join) = join.filter(|join| *join.partition_mode() != PartitionMode::CollectLeft) {
            let rows = known.compute(join.left().as_ref(), &StatisticsArgs::new())?.num_rows;
            largest = largest.max(rows.get_value().copied().unwrap_or(0));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(largest)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
    use arrow::datatypes::Int64Type;
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
    use datafusion::physical_plan::{collect, displayable};
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    const ROWS: i64 = 200_000;

    fn context(part_rows: usize) -> SessionContext {
        let state = SessionStateBuilder::new()
            .with_config(SessionConfig::new().with_target_partitions(2))
            .with_default_features()
            .with_physical_optimizer_rules(in_parts_of(part_rows, PhysicalOptimizer::default().rules));
        let context = SessionContext::new_with_state(state.build());
        let rows =
            |step: i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..ROWS).map(|i| i * step))) };
        for (name, step) in [("a", 2), ("b", 3)] {
            let batch = RecordBatch::try_from_iter([("id", rows(step))]).expect("one column");
            context.register_batch(name, batch).expect("a new name");
        }
        context
    }

    /// The plan of a join, and the pairs that it finds.
    async fn joined(part_rows: usize) -> (String, i64) {
        let context = context(part_rows);
        let query = context.sql("SELECT count(*) FROM a JOIN b ON a.id = b.id").await.expect("a good query");
        let plan = query.create_physical_plan().await.expect("a plan");
        let text = displayable(plan.as_ref()).indent(false).to_string();
        let rows = collect(plan, context.task_ctx()).await.expect("rows");
        (text, rows[0].column(0).as_primitive::<Int64Type>().value(0))
    }

    #[tokio::test]
    async fn a_large_join_is_cut_into_parts_and_finds_the_same_pairs() {
        let (plan, pairs) = joined(10_000).await;
        assert!(plan.contains("mode=Partitioned") && plan.contains("], 20), input_partitions="), "{plan}");
        // Multiples of six below two times the rows.
        assert_eq!(pairs, (2 * ROWS - 1) / 6 + 1);
        let (plan, as_one) = joined(1_000_000).await;
        assert!(plan.contains("], 2), input_partitions="), "{plan}");
        assert_eq!(as_one, pairs);
    }
}
