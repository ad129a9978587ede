//! `ORDER BY distance_deg(ra, dec, x, y) LIMIT k` without reading the sky: the same plan is run in a small cone
//! around (x, y), and in wider ones until k rows are found that are nearer than the cone's edge.

mod rings;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;

use super::below::scan_below;
use super::functions::DISTANCE;
use super::table::Scan;
use rings::{Centre, Rings};

/// Rows up to which the nearest are searched for in rings; they are held in memory.
const ROWS: usize = 100_000;

/// The engine's own rules with ours among them.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::default().rules;
    // Later rules let a sort tell the scan below it which rows are no longer of interest, and that would be
    // remembered from ring to ring.
    let late = rules.iter().rposition(|rule| rule.name().starts_with("FilterPushdown"));
    rules.insert(late.unwrap_or(rules.len()), Arc::new(NearestFirst));
    rules
}

/// Replaces a sort by distance with a search in rings.
#[derive(Debug)]
struct NearestFirst;

impl PhysicalOptimizerRule for NearestFirst {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|node| {
            Ok(match rings(&node) {
                Some(rings) => Transformed::new(Arc::new(rings), true, TreeNodeRecursion::Jump),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "nearest_first"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn rings(node: &Arc<dyn ExecutionPlan>) -> Option<Rings> {
    let (order, rows) = sort(node.as_ref())?;
    let first = order.first();
    if rows == 0 || rows > ROWS || first.options.descending || first.options.nulls_first {
        return None;
    }
    let (scan, distance) = scan_below(node, Arc::clone(&first.expr))?;
    let centre = centre(scan, &distance)?;
    Some(Rings::new(Arc::clone(node), Arc::clone(&first.expr), scan.table(), centre, rows))
}

/// By what and to how many rows a node sorts all of its rows.
fn sort(node: &dyn ExecutionPlan) -> Option<(&LexOrdering, usize)> {
    if let Some(merge) = node.downcast_ref::<SortPreservingMergeExec>() {
        return Some((merge.expr(), merge.fetch()?));
    }
    let sort = node.downcast_ref::<SortExec>().filter(|sort| !sort.preserve_partitioning())?;
    Some((sort.expr(), sort.fetch()?))
}

/// The place that an expression measures the distance of a table's rows from.
fn centre(scan: &Scan, distance: &Arc<dyn PhysicalExpr>) -> Option<Centre> {
    let function = distance.downcast_ref::<ScalarFunctionExpr>().filter(|call| call.name() == DISTANCE)?;
    let keys = &scan.table().keys;
    let [ra1, dec1, ra2, dec2] = function.args() else { return None };
    let is = |expr: &Arc<dyn PhysicalExpr>, name: &str| {
        expr.downcast_ref::<Column>().is_some_and(|column| column.name() == name)
    };
    let of_table = |ra, dec| keys.healpix.is_some() && is(ra, &keys.ra) && is(dec, &keys.dec);
    if of_table(ra1, dec1) {
        Centre::new(number(ra2)?, number(dec2)?)
    } else if of_table(ra2, dec2) {
        Centre::new(number(ra1)?, number(dec1)?)
    } else {
        None
    }
}

fn number(expr: &Arc<dyn PhysicalExpr>) -> Option<f64> {
    match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Float64(value) => *value,
        _ => None,
    }
}
