//! Columns that both sides of a join share, by USING or NATURAL: without a table they mean one column (SQL-92, section
//! 7.5), where the engine finds two of them after WHERE, or with a third table. Here they get the table that has them.
//!
//! Those of FULL JOIN are left alone: they belong to neither table.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use arrow_schema::SchemaRef;
use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, Select, TableFactor, TableWithJoins,
    VisitMut, VisitorMut,
};

/// The columns of tables, by `schema.table`.
pub(super) type Columns<'a> = HashMap<String, &'a SchemaRef>;

/// Gives shared columns their table. Names of tables must be resolved already.
pub(super) fn qualify(query: &mut Query, columns: &Columns<'_>) {
    let _: ControlFlow<()> = query.visit(&mut Selects(columns));
}

struct Selects<'a>(&'a Columns<'a>);

impl VisitorMut for Selects<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut shared = HashMap::new();
        for table in &select.from {
            chain(table, self.0, &mut shared);
        }
        let mut qualifier = Qualifier { shared, depth: 0 };
        let _: ControlFlow<()> = select.projection.visit(&mut qualifier);
        let _: ControlFlow<()> = select.selection.visit(&mut qualifier);
        let _: ControlFlow<()> = select.group_by.visit(&mut qualifier);
        select.having.visit(&mut qualifier)
    }
}

/// A table as a query names it, and its columns in small letters if they are known.
struct Table {
    name: Ident,
    columns: Option<HashSet<String>>,
}

impl Table {
    fn may_have(&self, column: &str) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(column))
    }
}

/// Shared columns in small letters, and what they mean.
type Shared = HashMap<String, Expr>;

/// The tables of a chain of joins, whose shared columns are added to `shared`.
fn chain(table: &TableWithJoins, columns: &Columns<'_>, shared: &mut Shared) -> Vec<Table> {
    let mut left = tables(&table.relation, columns, shared);
    for Join { relation, join_operator, global: _ } in &table.joins {
        let right = tables(relation, columns, shared);
        for name in names(join_operator, &left, &right) {
            let first = shared.get(&name).cloned().or_else(|| column(&left, &name));
            match (join_operator, first, column(&right, &name)) {
                (JoinOperator::FullOuter(_), _, _) => shared.remove(&name),
                (JoinOperator::Right(_) | JoinOperator::RightOuter(_), _, Some(last)) => {
                    shared.insert(name, last)
                }
                (_, Some(first), _) => shared.insert(name, first),
                _ => None,
            };
        }
        left.extend(right);
    }
    left
}

fn tables(factor: &TableFactor, columns: &Columns<'_>, shared: &mut Shared) -> Vec<Table> {
    match factor {
        TableFactor::Table { name, alias: Some(alias), .. } => {
            let known = columns.get(&full_name(name));
            let small =
                known.map(|known| known.fields().iter().map(|field| field.name().to_lowercase()).collect());
            vec![Table { name: alias.name.clone(), columns: small }]
        }
        TableFactor::Derived { alias: Some(alias), .. } => {
            vec![Table { name: alias.name.clone(), columns: None }]
        }
        TableFactor::NestedJoin { table_with_joins, .. } => chain(table_with_joins, columns, shared),
        _ => Vec::new(),
    }
}

fn full_name(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(|part| part.as_ident());
    parts.map(|part| part.value.as_str()).collect::<Vec<_>>().join(".")
}

/// The names that the sides of a join share, in small letters.
fn names(join: &JoinOperator, left: &[Table], right: &[Table]) -> Vec<String> {
    let (JoinOperator::Join(on)
    | JoinOperator::Inner(on)
    | JoinOperator::Left(on)
    | JoinOperator::LeftOuter(on)
    | JoinOperator::Right(on)
    | JoinOperator::RightOuter(on)
    | JoinOperator::FullOuter(on)) = join
    else {
        return Vec::new();
    };
    match on {
        JoinConstraint::Using(names) => names.iter().map(|name| full_name(name).to_lowercase()).collect(),
        JoinConstraint::Natural => {
            let known = |table: &Table| table.columns.clone().unwrap_or_default();
            let of_left: HashSet<String> = left.iter().flat_map(known).collect();
            right.iter().flat_map(known).filter(|name| of_left.contains(name)).collect()
        }
        JoinConstraint::On(_) | JoinConstraint::None => Vec::new(),
    }
}

/// The column in the only one of these tables that can have it.
fn column(tables: &[Table], name: &str) -> Option<Expr> {
    let mut having = tables.iter().filter(|table| table.may_have(name));
    let table = having.next()?;
    let only = having.next().is_none();
    only.then(|| Expr::CompoundIdentifier(vec![table.name.clone(), Ident::new(name)]))
}

struct Qualifier {
    shared: Shared,
    /// Subqueries have columns of their own.
    depth: usize,
}

impl VisitorMut for Qualifier {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expr
            && self.depth == 0
            && let Some(Expr::CompoundIdentifier(parts)) = self.shared.get(&name.value.to_lowercase())
        {
            let table = Ident { span: name.span, ..parts[0].clone() };
            *expr = Expr::CompoundIdentifier(vec![table, name.clone()]);
        }
        ControlFlow::Continue(())
    }
}
