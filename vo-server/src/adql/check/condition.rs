//! Search conditions (ADQL 2.1, section 2.2.3): what may stand after WHERE, HAVING and ON. ADQL keeps them apart from
//! values, so that CONTAINS(...) alone is no condition and a = b no value.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::{Checked, at, invalid, not_adql, subquery, value};

/// A condition, true or not.
#[recursive::recursive]
pub(super) fn condition(expr: &Expr) -> Checked {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
            condition(left)?;
            condition(right)
        }
        Expr::BinaryOp { left, op, right } if is_comparison(op) => {
            value::value(left)?;
            value::value(right)
        }
        Expr::UnaryOp { op: UnaryOperator::Not, expr } | Expr::Nested(expr) => condition(expr),
        Expr::IsNull(expr) | Expr::IsNotNull(expr) => value::value(expr),
        Expr::InList { expr, list, negated: _ } => {
            value::value(expr)?;
            list.iter().try_for_each(value::value)
        }
        Expr::InSubquery { expr, subquery: query, negated: _ } => {
            value::value(expr)?;
            subquery(query)
        }
        Expr::Between { expr, negated: _, low, high } => {
            [expr, low, high].into_iter().try_for_each(|it| value::value(it))
        }
        Expr::Like { negated: _, any: false, expr, pattern, escape_char: None }
        | Expr::ILike { negated: _, any: false, expr, pattern, escape_char: None } => {
            value::value(expr)?;
            value::value(pattern)
        }
        Expr::Like { expr, .. } | Expr::ILike { expr, .. } => not_adql("ESCAPE", "leave it out", at(&**expr)),
        Expr::Exists { subquery: query, negated: _ } => subquery(query),
        other => not_a_condition(other),
    }
}

/// Whether an expression can only be a condition.
#[recursive::recursive]
pub(super) fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryOp { op, .. } => {
            is_comparison(op) || matches!(op, BinaryOperator::And | BinaryOperator::Or)
        }
        Expr::UnaryOp { op: UnaryOperator::Not, .. }
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::Exists { .. } => true,
        Expr::Nested(inner) => is_condition(inner),
        _ => false,
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::Gt
            | BinaryOperator::LtEq
            | BinaryOperator::GtEq
    )
}

fn not_a_condition(expr: &Expr) -> Checked {
    let here = at(expr);
    match expr {
        Expr::IsTrue(_) | Expr::IsFalse(_) | Expr::IsNotTrue(_) | Expr::IsNotFalse(_) => {
            not_adql("IS TRUE or IS FALSE", "write column = 'true'", here)
        }
        Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..) => not_adql("IS of this kind", "it has IS NULL and IS NOT NULL", here),
        Expr::AnyOp { .. } | Expr::AllOp { .. } => {
            not_adql("ANY or ALL after a comparison", "write IN or EXISTS", here)
        }
        Expr::SimilarTo { .. } | Expr::RLike { .. } => not_adql("regular expressions", "write LIKE", here),
        Expr::Function(_) => {
            value::value(expr)?;
            invalid("a condition is needed here and not a value: compare it, such as CONTAINS(...) = 1", here)
        }
        _ => {
            value::value(expr)?;
            invalid("a condition is needed here and not a value: compare it with another", here)
        }
    }
}
