//! TOP and OFFSET as the engine has them: a limit after the offset, at the end of the query.

use sqlparser::ast::{Expr, LimitClause, Query, SetExpr, Top, TopQuantity, Value, ValueWithSpan};

use super::build;

/// Moves TOP to the end of its query. Within UNION and the like the query gets an end of its own.
pub(super) fn top_to_limit(query: &mut Query) {
    match query.body.as_mut() {
        SetExpr::Select(select) => {
            if let Some(rows) = constant(select.top.take()) {
                limit(query, rows);
            }
        }
        body => operands(body),
    }
}

/// Lets a query answer at most so many rows.
pub fn limit(query: &mut Query, rows: u64) {
    let (before, offset) = match query.limit_clause.take() {
        Some(LimitClause::LimitOffset { limit, offset, .. }) => (limit.as_ref().and_then(whole), offset),
        _ => (None, None),
    };
    let rows = before.map_or(rows, |before| before.min(rows));
    let limit = Some(build::number(rows));
    query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() });
}

fn operands(body: &mut SetExpr) {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            operands(left);
            operands(right);
        }
        SetExpr::Select(select) => {
            if let Some(rows) = constant(select.top.take()) {
                let mut query = plain(SetExpr::Select(select.clone()));
                limit(&mut query, rows);
                *body = SetExpr::Query(Box::new(query));
            }
        }
        _ => {}
    }
}

fn constant(top: Option<Top>) -> Option<u64> {
    match top?.quantity? {
        TopQuantity::Constant(rows) => Some(rows),
        TopQuantity::Expr(_) => None,
    }
}

fn whole(limit: &Expr) -> Option<u64> {
    match limit {
        Expr::Value(ValueWithSpan { value: Value::Number(text, _), .. }) => text.parse().ok(),
        _ => None,
    }
}

/// A query with nothing around it.
fn plain(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
