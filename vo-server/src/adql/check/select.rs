//! One SELECT: what is selected, from where, and under which conditions.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind,
    Spanned, Top, TopQuantity, WildcardAdditionalOptions,
};

use super::{Checked, at, condition, invalid, name, not_adql, source, token, value};
use crate::adql::error::Position;

/// A query that begins with SELECT.
pub(super) fn select(select: &Select) -> Checked {
    let Select {
        select_token,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct,
        projection,
        exclude,
        into,
        from,
        lateral_views,
        prewhere,
        selection,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let start = token(select_token);
    if matches!(distinct, Some(Distinct::On(_))) {
        return not_adql("DISTINCT ON", "write GROUP BY", start);
    }
    if let Some(top) = top {
        rows(top, *top_before_distinct, start)?;
    }
    if projection.is_empty() {
        return invalid("SELECT lacks its columns: write SELECT * or name them", start);
    }
    projection.iter().try_for_each(item)?;
    if from.is_empty() {
        return invalid("SELECT lacks FROM: name a table", start);
    }
    from.iter().try_for_each(source::joined)?;
    selection.iter().try_for_each(condition::condition)?;
    group(group_by, start)?;
    having.iter().try_for_each(condition::condition)?;
    let foreign = [
        (into.is_some(), "INTO"),
        (!named_window.is_empty(), "WINDOW"),
        (qualify.is_some(), "QUALIFY"),
        (exclude.is_some(), "EXCLUDE"),
        (prewhere.is_some(), "PREWHERE"),
        (!connect_by.is_empty(), "CONNECT BY"),
        (!lateral_views.is_empty(), "LATERAL VIEW"),
        (!cluster_by.is_empty() || !distribute_by.is_empty() || !sort_by.is_empty(), "CLUSTER BY"),
        (!optimizer_hints.is_empty() || select_modifiers.is_some(), "hint to the optimizer"),
        (value_table_mode.is_some(), "SELECT AS"),
        (*flavor != SelectFlavor::Standard, "FROM before SELECT"),
    ];
    match foreign.iter().find(|(there, _)| *there) {
        Some((_, what)) => not_adql(what, "leave it out", start),
        None => Ok(()),
    }
}

fn rows(top: &Top, before_distinct: bool, start: Position) -> Checked {
    let Top { with_ties, percent, quantity } = top;
    if *with_ties || *percent {
        return not_adql("TOP with PERCENT or TIES", "write TOP n", start);
    }
    match quantity {
        Some(TopQuantity::Constant(_)) if !before_distinct => Ok(()),
        Some(TopQuantity::Constant(_)) => not_adql("TOP before DISTINCT", "write DISTINCT TOP n", start),
        _ => invalid("TOP takes a whole number: write TOP n without brackets", start),
    }
}

fn item(item: &SelectItem) -> Checked {
    match item {
        SelectItem::UnnamedExpr(expr) => value::value(expr),
        SelectItem::ExprWithAlias { expr, alias } => {
            value::value(expr)?;
            name::name(alias)
        }
        SelectItem::Wildcard(options) => wildcard(options, at(item)),
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), options) => {
            name::table(table)?;
            wildcard(options, at(item))
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
            not_adql("* of a value", "write table.*", at(expr))
        }
        SelectItem::ExprWithAliases { expr, aliases: _ } => {
            not_adql("list of names for a value", "give each value one name", at(expr))
        }
    }
}

fn wildcard(options: &WildcardAdditionalOptions, position: Position) -> Checked {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    if plain { Ok(()) } else { not_adql("* with exceptions", "name the columns", position) }
}

fn group(group: &GroupByExpr, start: Position) -> Checked {
    match group {
        GroupByExpr::Expressions(terms, modifiers) if modifiers.is_empty() => terms.iter().try_for_each(term),
        GroupByExpr::Expressions(..) => not_adql("WITH after GROUP BY", "list the columns", start),
        GroupByExpr::All(_) => not_adql("GROUP BY ALL", "list the columns", start),
    }
}

fn term(term: &Expr) -> Checked {
    match term {
        Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_) => {
            not_adql("ROLLUP, CUBE or GROUPING SETS", "list the columns", Position::of(term.span()))
        }
        other => value::value(other),
    }
}

/// The name of a column that both sides of a join have.
pub(super) fn shared_column(parts: &[&Ident]) -> Checked {
    match parts {
        [column] => name::name(column),
        [first, ..] => invalid("USING takes names of columns without their tables", Position::of(first.span)),
        [] => Ok(()),
    }
}
