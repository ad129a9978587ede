//! Groups of whole numbers that lie close together, such as the bins of a histogram. The engine finds the group of a row by a
//! hash of its keys and compares them with those of the group; here a row's keys are the place of its group in a table
//! that has room for every combination of them.
//!
//! Only how groups are found is ours: what is computed of them, and how the parts of several threads are put together, is the
//! engine's. Where keys turn out to lie far apart, the groups so far are given out, and the engine groups the rest of the rows.

mod exec;
mod groups;
mod key;
mod places;
mod rest;
mod span;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use exec::SmallGroupsExec;

/// Finds groups by place, where their keys are whole numbers.
#[derive(Debug)]
pub(super) struct ByPlace;

impl PhysicalOptimizerRule for ByPlace {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| match node.downcast_ref::<AggregateExec>() {
            Some(groups) if is_simple(groups) => {
                Ok(Transformed::yes(Arc::new(SmallGroupsExec::new(groups.clone()))))
            }
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "by_place"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether all groups are known only when all rows are, their keys are whole numbers, and everything that is computed of
/// them is computed for all groups at once. The first of two steps only: the second puts together what is given out twice.
fn is_simple(groups: &AggregateExec) -> bool {
    let keys = groups.group_expr();
    let is_whole =
        |kind: DataType| kind.is_signed_integer() || (kind.is_unsigned_integer() && kind != DataType::UInt64);
    let schema = groups.input_schema();
    *groups.mode() == AggregateMode::Partial
        && *groups.input_order_mode() == InputOrderMode::Linear
        && groups.limit_options().is_none()
        && keys.is_single()
        && !keys.expr().is_empty()
        && keys.expr().iter().all(|(key, _)| key.data_type(&schema).is_ok_and(is_whole))
        && groups
            .aggr_expr()
            .iter()
            .all(|what| what.order_bys().is_empty() && what.groups_accumulator_supported())
}
