//! What a plan is about to read, where that says how long it will take. It runs nothing.

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;

use super::table::Scan;

/// Steps whose work has little to do with what they read: pairs of rows, and rings around a place until enough is found.
const UNFORESEEABLE: [&str; 5] = ["Crossmatch", "NearbyRows", "Rings", "NestedLoopJoinExec", "CrossJoinExec"];

/// About the bytes of the chosen rows and columns of all tables, as `EXPLAIN` tells them; nothing where they are known
/// only while the plan runs, or where they do not say how much there is to do.
pub(super) fn bytes(plan: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    let mut bytes = Some(0_u64);
    // The closure never fails, and so neither does the visit.
    let _ = plan.apply(|node| {
        bytes = bytes.and_then(|bytes| Some(bytes + own_bytes(node)?));
        Ok(TreeNodeRecursion::Continue)
    });
    bytes
}

fn own_bytes(node: &Arc<dyn ExecutionPlan>) -> Option<u64> {
    if UNFORESEEABLE.contains(&node.name()) {
        return None;
    }
    let source = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    match source.and_then(|source| source.downcast_ref::<Scan>()) {
        Some(scan) if scan.is_late() => None,
        Some(scan) => scan.bytes(),
        None => Some(0),
    }
}
