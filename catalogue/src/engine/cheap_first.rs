//! Conditions that cost least come first. The engine evaluates `a AND b` from left to right, and where few rows are
//! left it copies these before it goes on; a copy pays before a function of the sky, and not before a comparison
//! of one column.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr, conjunction, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};

/// What a function is taken to cost, in operators.
const FUNCTION: usize = 16;

/// Orders the conditions of every filter.
#[derive(Debug)]
pub(super) struct CheapFirst;

impl PhysicalOptimizerRule for CheapFirst {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some(filter) = node.downcast_ref::<FilterExec>() else { return Ok(Transformed::no(node)) };
            let Some(predicate) = ordered(filter.predicate()) else { return Ok(Transformed::no(node)) };
            let filter = FilterExecBuilder::from(filter).with_predicate(predicate).build()?;
            Ok(Transformed::yes(Arc::new(filter)))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "cheap_first"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same condition in another order; `None` where the order is right. Equal costs keep their order.
fn ordered(predicate: &Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
    let mut conditions: Vec<_> = split_conjunction(predicate).into_iter().map(Arc::clone).collect();
    if conditions.is_sorted_by_key(cost) {
        return None;
    }
    conditions.sort_by_cached_key(cost);
    Some(conjunction(conditions))
}

/// Operators in an expression.
fn cost(expr: &Arc<dyn PhysicalExpr>) -> usize {
    let own = if expr.is::<Column>() || expr.is::<Literal>() {
        0
    } else if expr.is::<ScalarFunctionExpr>() {
        FUNCTION
    } else {
        1
    };
    own + expr.children().into_iter().map(cost).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field, Schema};
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::expressions::{binary, col, is_not_null, lit};

    use super::*;

    #[test]
    fn a_comparison_of_one_column_comes_before_arithmetic() -> Result<()> {
        let schema = Schema::new(vec![
            Field::new("parallax", DataType::Float64, true),
            Field::new("error", DataType::Float64, true),
        ]);
        let times = binary(lit(5.0), Operator::Multiply, col("error", &schema)?, &schema)?;
        let good = binary(col("parallax", &schema)?, Operator::Gt, times, &schema)?;
        let positive = binary(col("parallax", &schema)?, Operator::Gt, lit(0.0), &schema)?;
        let known = is_not_null(col("error", &schema)?)?;
        let asked = conjunction([Arc::clone(&good), Arc::clone(&positive), Arc::clone(&known)]);
        let better = conjunction([positive, known, good]);
        assert_eq!(ordered(&asked), Some(Arc::clone(&better)));
        assert_eq!(ordered(&better), None);
        Ok(())
    }
}
