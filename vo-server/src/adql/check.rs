//! Refuses what the parser reads and ADQL does not have. Every part of the syntax tree is named, so that a part
//! which the parser learns later breaks the build here and is not let through.
//!
//! Trees are as deep as the limits let them be, so what calls itself grows its stack. One module for each part of the grammar (ADQL 2.1, appendix A). Which tables and columns there are, and whether
//! types fit, is not known here.

mod call;
mod condition;
mod geometry;
mod name;
mod select;
mod source;
mod value;

use sqlparser::ast::{
    Cte, LimitClause, Offset, OffsetRows, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, SetExpr,
    SetOperator, SetQuantifier, Spanned, TableAlias, Value, ValueWithSpan, With,
};
use sqlparser::ast::{Expr, helpers::attached_token::AttachedToken};

use super::error::{AdqlError, Position};

type Checked = Result<(), AdqlError>;

/// Where a part of the tree begins.
fn at(node: &impl Spanned) -> Position {
    Position::of(node.span())
}

/// The error of SQL that is not ADQL.
fn not_adql(what: &str, hint: &str, position: Position) -> Checked {
    Err(AdqlError::NotAdql { what: what.to_owned(), hint: hint.to_owned(), position })
}

fn invalid(message: &str, position: Position) -> Checked {
    Err(AdqlError::Invalid { message: message.to_owned(), position })
}

/// The whole query: the only one that may begin with WITH.
pub(super) fn query(query: &Query) -> Checked {
    if let Some(With { with_token, recursive, cte_tables }) = &query.with {
        if *recursive {
            return not_adql("WITH RECURSIVE", "a WITH query cannot name itself", token(with_token));
        }
        cte_tables.iter().try_for_each(named_query)?;
    }
    set_query(query)
}

fn token(token: &AttachedToken) -> Position {
    Position::of(token.0.span)
}

fn named_query(cte: &Cte) -> Checked {
    let Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
    let TableAlias { explicit: _, name, columns, at: index } = alias;
    name::name(name)?;
    if !columns.is_empty() || index.is_some() {
        return not_adql(
            "list of columns after a WITH name",
            "rename columns with AS inside the query",
            Position::of(name.span),
        );
    }
    if from.is_some() || materialized.is_some() {
        return not_adql("MATERIALIZED", "write WITH name AS (SELECT ...)", Position::of(name.span));
    }
    subquery(query)
}

/// A query in brackets.
fn subquery(query: &Query) -> Checked {
    match &query.with {
        Some(with) => not_adql(
            "WITH in a subquery",
            "move it to the beginning of the whole query",
            token(&with.with_token),
        ),
        None => set_query(query),
    }
}

fn set_query(query: &Query) -> Checked {
    let Query {
        with: _,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    operand(body)?;
    order_by.iter().try_for_each(order)?;
    limit_clause.iter().try_for_each(|clause| offset(clause, at(query)))?;
    if fetch.is_some() {
        return not_adql("FETCH", "write SELECT TOP n", at(query));
    }
    if !locks.is_empty()
        || for_clause.is_some()
        || settings.is_some()
        || format_clause.is_some()
        || !pipe_operators.is_empty()
    {
        return not_adql(
            "clause of this kind at the end of a query",
            "only ORDER BY and OFFSET stand there",
            at(query),
        );
    }
    Ok(())
}

#[recursive::recursive]
fn operand(body: &SetExpr) -> Checked {
    match body {
        SetExpr::Select(it) => select::select(it),
        SetExpr::Query(query) => subquery(query),
        SetExpr::SetOperation { left, op, set_quantifier, right } => {
            operand(left)?;
            let known = matches!(op, SetOperator::Union | SetOperator::Except | SetOperator::Intersect);
            if !known || !matches!(set_quantifier, SetQuantifier::All | SetQuantifier::None) {
                let what = format!("{op} {set_quantifier}");
                return not_adql(
                    what.trim_end(),
                    "it has UNION, EXCEPT and INTERSECT, each also with ALL",
                    at(&**right),
                );
            }
            operand(right)
        }
        SetExpr::Values(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => {
            not_adql("statement of this kind", "a query begins with SELECT or WITH", at(body))
        }
    }
}

fn order(order: &OrderBy) -> Checked {
    let OrderBy { kind, interpolate } = order;
    match kind {
        OrderByKind::Expressions(terms) if interpolate.is_none() => terms.iter().try_for_each(order_term),
        _ => not_adql("ORDER BY of this form", "name the columns", at(order)),
    }
}

fn order_term(term: &OrderByExpr) -> Checked {
    let OrderByExpr { expr, options, with_fill } = term;
    let OrderByOptions { asc: _, nulls_first } = options;
    if nulls_first.is_some() || with_fill.is_some() {
        return not_adql("NULLS FIRST or NULLS LAST", "order by COALESCE(column, ...)", at(expr));
    }
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(text, _), .. }) if unsigned(text).is_none() => {
            invalid("a number in ORDER BY is the place of a column, counted from 1", at(expr))
        }
        Expr::Value(ValueWithSpan { value: Value::Number(..), .. }) => Ok(()),
        other => value::value(other),
    }
}

fn offset(clause: &LimitClause, query: Position) -> Checked {
    match clause {
        LimitClause::LimitOffset {
            limit: None,
            offset: Some(Offset { value, rows: OffsetRows::None }),
            limit_by,
        } if limit_by.is_empty() => match value {
            Expr::Value(ValueWithSpan { value: Value::Number(text, _), .. }) if unsigned(text).is_some() => {
                Ok(())
            }
            _ => invalid("OFFSET takes a whole number, 0 or more", at(value)),
        },
        LimitClause::LimitOffset { limit: Some(limit), .. } | LimitClause::OffsetCommaLimit { limit, .. } => {
            not_adql("LIMIT", "write SELECT TOP n", at(limit))
        }
        LimitClause::LimitOffset { offset: Some(offset), .. } => {
            not_adql("ROWS after OFFSET", "write OFFSET n", at(&offset.value))
        }
        LimitClause::LimitOffset { .. } => not_adql("LIMIT", "write SELECT TOP n", query),
    }
}

/// A whole number without a sign.
fn unsigned(text: &str) -> Option<u64> {
    text.parse().ok()
}
