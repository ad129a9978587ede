//! What is below a node of a plan: the one scan that its rows come from, and what becomes of a column on the way.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;

use super::table::Scan;

/// The one scan below a node, and what an expression on the node's columns is in terms of the table's columns. `None` when
/// anything between them does more than choose, filter or distribute rows.
pub(crate) fn scan_below(
    node: &Arc<dyn ExecutionPlan>,
    expr: Arc<dyn PhysicalExpr>,
) -> Option<(&Scan, Arc<dyn PhysicalExpr>)> {
    if let Some(source) = node.downcast_ref::<DataSourceExec>() {
        let scan = source.data_source().downcast_ref::<Scan>()?;
        let expr = match scan.projection() {
            Some(projection) => resolved(expr, projection.as_ref())?,
            None => expr,
        };
        return Some((scan, expr));
    }
    let expr = match node.downcast_ref::<ProjectionExec>() {
        Some(projection) => resolved(expr, projection.expr())?,
        None if passes_rows_on(node.as_ref()) => expr,
        None => return None,
    };
    let children = node.children();
    let [child] = children.as_slice() else { return None };
    scan_below(child, expr)
}

fn passes_rows_on(node: &dyn ExecutionPlan) -> bool {
    node.is::<SortExec>()
        || node.is::<SortPreservingMergeExec>()
        || node.is::<FilterExec>()
        || node.is::<RepartitionExec>()
        || node.is::<CoalescePartitionsExec>()
        || node.is::<CooperativeExec>()
}

/// An expression on the columns that a projection makes, in terms of the columns that it gets. One table has no
/// two columns of the same name.
fn resolved(expr: Arc<dyn PhysicalExpr>, projection: &[ProjectionExpr]) -> Option<Arc<dyn PhysicalExpr>> {
    let resolved = expr.transform_down(|expr| {
        let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
        let made = projection.iter().find(|made| made.alias == column.name());
        Ok(match made {
            Some(made) => Transformed::new(Arc::clone(&made.expr), true, TreeNodeRecursion::Jump),
            None => Transformed::no(expr),
        })
    });
    resolved.data().ok()
}
