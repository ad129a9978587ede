//! Joins that can be stopped. The engine's own do not look up from their work, for hours if two large tables
//! meet without an equality, so each join's rows and condition are watched.

mod condition;
mod rows;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder, PiecewiseMergeJoinExec,
    SortMergeJoinExec,
};
use datafusion::physical_plan::recursive_query::RecursiveQueryExec;

use super::crossmatch::CrossmatchExec;
use super::local_join::LocalJoinExec;
use super::stop::Stop;
use condition::Condition;
use rows::Watched;

/// The same plan, with every join watching `stop`.
pub(crate) fn joins(plan: Arc<dyn ExecutionPlan>, stop: &Stop) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        if !is_join(node.as_ref()) {
            return Ok(Transformed::no(node));
        }
        let input = with_watched_filter(node, stop)?;
        Ok(Transformed::yes(Arc::new(Watched { input, stop: stop.clone() }) as _))
    })
    .data()
}

fn is_join(node: &dyn ExecutionPlan) -> bool {
    node.is::<NestedLoopJoinExec>()
        || node.is::<CrossJoinExec>()
        || node.is::<HashJoinExec>()
        || node.is::<SortMergeJoinExec>()
        || node.is::<PiecewiseMergeJoinExec>()
        || node.is::<RecursiveQueryExec>()
        || node.is::<CrossmatchExec>()
        || node.is::<LocalJoinExec>()
}

/// A join whose condition is never true gives no rows to watch, so its condition is watched.
fn with_watched_filter(node: Arc<dyn ExecutionPlan>, stop: &Stop) -> Result<Arc<dyn ExecutionPlan>> {
    let watched = |filter: &JoinFilter| {
        let inner = Arc::clone(filter.expression());
        let condition = Arc::new(Condition { inner, stop: stop.clone() });
        Some(JoinFilter::new(condition, filter.column_indices().to_vec(), Arc::clone(filter.schema())))
    };
    if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>()
        && let Some(filter) = join.filter()
    {
        return Ok(Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(watched(filter)).build()?));
    }
    if let Some(join) = node.downcast_ref::<HashJoinExec>()
        && let Some(filter) = join.filter()
    {
        return join.builder().with_filter(watched(filter)).build_exec();
    }
    Ok(node)
}
