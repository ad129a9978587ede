//! What stands after FROM: tables, subqueries with a name, and joins.

use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias, TableFactor, TableWithJoins,
};

use super::{Checked, at, condition, invalid, name, not_adql, select, subquery};
use crate::adql::error::Position;

/// A table with those joined to it.
#[recursive::recursive]
pub(super) fn joined(table: &TableWithJoins) -> Checked {
    let TableWithJoins { relation, joins } = table;
    source(relation)?;
    joins.iter().try_for_each(join)
}

fn source(factor: &TableFactor) -> Checked {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
            name::table(name)?;
            alias.iter().try_for_each(correlation)
        }
        TableFactor::Table { name, args: Some(_), .. } => {
            not_adql("function in FROM", "name a table or write a subquery", at(name))
        }
        TableFactor::Table { name, .. } => not_adql("table of this form", "write its name only", at(name)),
        TableFactor::Derived { lateral: false, subquery: query, alias: Some(alias), sample: None } => {
            subquery(query)?;
            correlation(alias)
        }
        TableFactor::Derived { subquery: query, alias: None, .. } => {
            invalid("a subquery in FROM needs a name: write (SELECT ...) AS name", at(&**query))
        }
        TableFactor::Derived { subquery: query, .. } => {
            not_adql("LATERAL or TABLESAMPLE", "write a plain subquery", at(&**query))
        }
        TableFactor::NestedJoin { table_with_joins, alias: None } => joined(table_with_joins),
        other => not_adql("table of this form", "write a table, a subquery or a join", at(other)),
    }
}

fn correlation(alias: &TableAlias) -> Checked {
    let TableAlias { explicit: _, name, columns, at: index } = alias;
    if !columns.is_empty() || index.is_some() {
        return not_adql(
            "list of columns after a table's name",
            "rename columns with AS inside a subquery",
            Position::of(name.span),
        );
    }
    name::name(name)
}

fn join(join: &Join) -> Checked {
    let Join { relation, global, join_operator } = join;
    source(relation)?;
    let here = at(relation);
    match join_operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
            if !global =>
        {
            constraint(on, here)
        }
        JoinOperator::CrossJoin(_) => not_adql("CROSS JOIN", "write FROM a, b", here),
        _ => {
            not_adql("join of this kind", "it has INNER, LEFT, RIGHT and FULL JOIN, each also NATURAL", here)
        }
    }
}

fn constraint(constraint: &JoinConstraint, here: Position) -> Checked {
    match constraint {
        JoinConstraint::On(on) => condition::condition(on),
        JoinConstraint::Using(columns) if !columns.is_empty() => columns.iter().try_for_each(shared),
        JoinConstraint::Natural => Ok(()),
        JoinConstraint::Using(_) | JoinConstraint::None => {
            invalid("JOIN needs a condition: write ON, USING or NATURAL JOIN", here)
        }
    }
}

fn shared(column: &ObjectName) -> Checked {
    let parts: Vec<&Ident> = column.0.iter().filter_map(|part| part.as_ident()).collect();
    select::shared_column(&parts)
}
