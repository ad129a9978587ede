//! The optimiser's rule: a join on a distance becomes a crossmatch.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, JoinType, NullEquality, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Extension, Join, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::condition::{Near, Sides};
use super::node::{Crossmatch, Side, Terms};
use super::terms::Mode;

/// Up to this radius positions are the better key of a join that also has an equality: one arcminute.
const BETTER_THAN_EQUALITY_DEG: f64 = 1.0 / 60.0;

/// The rule.
#[derive(Debug)]
pub(super) struct JoinsToCrossmatches {
    /// Wider ones stay joins.
    pub(super) widest_deg: f64,
}

impl OptimizerRule for JoinsToCrossmatches {
    fn name(&self) -> &str {
        "joins_to_crossmatches"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>, DataFusionError> {
        let LogicalPlan::Join(join) = plan else { return Ok(Transformed::no(plan)) };
        match crossmatch(&join, self.widest_deg)? {
            Some(node) => Ok(Transformed::yes(LogicalPlan::Extension(Extension { node: Arc::new(node) }))),
            None => Ok(Transformed::no(LogicalPlan::Join(join))),
        }
    }
}

fn crossmatch(join: &Join, widest_deg: f64) -> Result<Option<Crossmatch>> {
    if join.join_type == JoinType::Full
        || join.null_aware
        || join.null_equality != NullEquality::NullEqualsNothing
    {
        return Ok(None);
    }
    let Some((sides, others)) = split(join, widest_deg)? else { return Ok(None) };
    if !join.on.is_empty() && sides.within.radius_deg.get() > BETTER_THAN_EQUALITY_DEG {
        return Ok(None);
    }
    let equalities = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
    let condition = conjunction(equalities.chain(others));
    let side = |input: &Arc<LogicalPlan>, [ra, dec]: [Expr; 2]| Side {
        input: LogicalPlan::clone(input),
        ra,
        dec,
        motion: None,
    };
    let terms = Terms {
        within: sides.within,
        mode: Mode::All,
        join_type: join.join_type,
        separation: false,
        epoch: None,
    };
    let (left, right) = (side(&join.left, sides.left), side(&join.right, sides.right));
    Crossmatch::new(left, right, terms, None, condition).map(Some)
}

/// The first condition on a distance between the sides, and all others.
fn split(join: &Join, widest_deg: f64) -> Result<Option<(Sides, Vec<Expr>)>> {
    let Some(filter) = &join.filter else { return Ok(None) };
    let mut found = None;
    let mut others = Vec::new();
    for condition in split_conjunction_owned(filter.clone()) {
        let near = if found.is_none() { Near::of(&condition)? } else { None };
        let near = near.filter(|near| near.radius_deg <= widest_deg);
        let sides =
            near.and_then(|near| Some((near.sides(join.left.schema(), join.right.schema())?, near.exact)));
        match sides {
            Some((sides, exact)) => {
                found = Some(sides);
                others.extend((!exact).then_some(condition));
            }
            None => others.push(condition),
        }
    }
    Ok(found.map(|sides| (sides, others)))
}
