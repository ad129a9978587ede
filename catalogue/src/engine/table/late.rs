//! Keys that are known only while a query runs: those of the small side of a join, which the engine hands down
//! as a filter once it has read that side.

use std::sync::Arc;

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal,
};

use crate::engine::keys::KeyRanges;
use crate::engine::narrow::{KeyColumns, Narrowing, keys_that};

/// Distinct keys of a join's small side up to which they are looked up one by one. With more of them the engine
/// hands down only the smallest and the largest.
pub(crate) const KEYS: usize = 100_000;

/// Whether a filter may become keys of a table while a query runs.
pub(super) fn is_late(filter: &Arc<dyn PhysicalExpr>, keys: &KeyColumns) -> bool {
    let is_key = |column: &&Arc<dyn PhysicalExpr>| {
        column.downcast_ref::<Column>().is_some_and(|column| keys.is_key(column.name()))
    };
    filter
        .downcast_ref::<DynamicFilterPhysicalExpr>()
        .is_some_and(|filter| filter.children().iter().any(is_key))
}

/// What a filter on the table's columns leaves, as it stands now.
pub(super) fn narrowing(filter: &Arc<dyn PhysicalExpr>, keys: &KeyColumns) -> Result<Narrowing> {
    if let Some(filter) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return narrowing(&filter.current()?, keys);
    }
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        let (left, right) = (binary.left(), binary.right());
        return Ok(match binary.op() {
            Operator::And => narrowing(left, keys)?.and(narrowing(right, keys)?),
            Operator::Or => narrowing(left, keys)?.or(narrowing(right, keys)?),
            op => comparison(left, *op, right, keys),
        });
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>() {
        return Ok(in_list(list, keys));
    }
    if let Some(case) = filter.downcast_ref::<CaseExpr>() {
        // One branch for each part of a join's small side: a row may match any.
        let branches = case.when_then_expr().iter().map(|(_, then)| then).chain(case.else_expr());
        let branches = branches.map(|branch| narrowing(branch, keys)).collect::<Result<Vec<_>>>()?;
        return Ok(branches.into_iter().reduce(Narrowing::or).unwrap_or_default());
    }
    match literal(filter) {
        Some(ScalarValue::Boolean(Some(false))) => Ok(Narrowing::nothing()),
        _ => Ok(Narrowing::default()),
    }
}

fn comparison(
    left: &Arc<dyn PhysicalExpr>,
    op: Operator,
    right: &Arc<dyn PhysicalExpr>,
    keys: &KeyColumns,
) -> Narrowing {
    let ranges = literal(right).and_then(integer).and_then(|value| keys_that(op, value));
    match (left.downcast_ref::<Column>(), ranges) {
        (Some(column), Some(ranges)) => keys.on(column.name(), ranges),
        _ => Narrowing::default(),
    }
}

fn in_list(list: &InListExpr, keys: &KeyColumns) -> Narrowing {
    let Some(column) = list.expr().downcast_ref::<Column>().filter(|_| !list.negated()) else {
        return Narrowing::default();
    };
    let values: Option<Vec<_>> = list.list().iter().map(|value| literal(value).and_then(integer)).collect();
    match values {
        Some(values) => {
            let ranges = KeyRanges::new(values.into_iter().map(|value| value..=value).collect());
            keys.on(column.name(), ranges)
        }
        None => Narrowing::default(),
    }
}

fn literal(expr: &Arc<dyn PhysicalExpr>) -> Option<&ScalarValue> {
    expr.downcast_ref::<Literal>().map(Literal::value)
}

fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}
