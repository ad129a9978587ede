//! Names as astronomers write them. Without quotes ADQL does not care for capitals; the engine knows small letters only,
//! so that a table or column with capitals is found here. A table whose name is the only one of its kind needs no
//! schema, and its columns may be named with the schema or without. And `dual`, a table with one row, is there when
//! asked for.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use catalogue::engine::{Guest, TableInfo};
use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    TableAlias, TableFactor, VisitMut, VisitorMut, visit_relations,
};

use super::aliases;

/// The table with one row, and the schema in which it stands for the engine.
const DUAL: &str = "dual";

/// Replaces names by those of the tables and columns that they mean. A name that means none stays: the engine says so.
pub(super) fn resolve(query: &mut Query, tables: &[TableInfo], guests: &mut Vec<Guest>) {
    let of_guests = guests.iter().map(|guest| (&guest.schema, &guest.name, &guest.columns));
    let of_catalogue = tables.iter().map(|it| (&it.schema, &it.name, &it.arrow_schema));
    let mut names = Names { aliased: aliases::suffice(query), ..Names::default() };
    let all: Vec<_> = of_catalogue.chain(of_guests).collect();
    names.tables = all.iter().map(|(schema, table, _)| [(*schema).clone(), (*table).clone()]).collect();
    let used = names.used(query);
    let of_used = all.iter().filter(|(schema, table, _)| used.contains(&[schema.as_str(), table.as_str()]));
    let columns = spelled(of_used.map(|(_, _, columns)| *columns));
    names.columns = columns;
    let _: ControlFlow<()> = query.visit(&mut names);
    if names.dual {
        guests.push(dual());
    }
}

#[derive(Default)]
struct Names {
    /// Schema and table.
    tables: Vec<[String; 2]>,
    /// The names of WITH queries, which hide those of tables.
    queries: Vec<Ident>,
    /// A column in small letters, and as it is.
    columns: HashMap<String, String>,
    /// Whether every table gets its own name as an alias, so that columns need no schema.
    aliased: bool,
    dual: bool,
}

impl Names {
    /// The tables that a query names.
    fn used(&self, query: &Query) -> HashSet<[&str; 2]> {
        let mut used = HashSet::new();
        let _: ControlFlow<()> = visit_relations(query, |relation| {
            let parts: Vec<&Ident> = relation.0.iter().filter_map(ObjectNamePart::as_ident).collect();
            let found = match parts.as_slice() {
                [table] => self.table(None, table),
                [schema, table] => self.table(Some(schema), table),
                _ => None,
            };
            used.extend(found.map(|[schema, table]| [schema.as_str(), table.as_str()]));
            ControlFlow::Continue(())
        });
        used
    }

    /// The only table that these names mean.
    fn table(&self, schema: Option<&Ident>, table: &Ident) -> Option<&[String; 2]> {
        let of_schema = |own: &String| schema.is_none_or(|schema| means(schema, own));
        let mut found = self.tables.iter().filter(|[own, name]| means(table, name) && of_schema(own));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn is_query(&self, name: &Ident) -> bool {
        self.queries.iter().any(|query| match query.quote_style {
            Some(_) => means(name, &query.value),
            None => means(name, &query.value.to_lowercase()),
        })
    }

    fn column(&self, name: &mut Ident) {
        let small = name.value.to_lowercase();
        if name.quote_style.is_none()
            && let Some(column) = self.columns.get(&small)
            && *column != small
        {
            *name = quoted(name, column);
        }
    }
}

impl VisitorMut for Names {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        self.queries.extend(named.map(|query| query.alias.name.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), _) = item
                && self.aliased
            {
                table.0.drain(..table.0.len() - 1);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias: alias @ None, .. } = factor
            && let Some(own) = name.0.last().and_then(ObjectNamePart::as_ident)
            && self.aliased
        {
            *alias = Some(TableAlias { explicit: true, name: own.clone(), columns: Vec::new(), at: None });
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        let parts: Vec<&Ident> = relation.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let (schema, table) = match parts.as_slice() {
            [table] if self.is_query(table) => return ControlFlow::Continue(()),
            [table] => (None, *table),
            [schema, table] => (Some(*schema), *table),
            _ => return ControlFlow::Continue(()),
        };
        let names = match self.table(schema, table) {
            Some([own, name]) => Some([quoted(schema.unwrap_or(table), own), quoted(table, name)]),
            None if schema.is_none() && means(table, DUAL) => {
                self.dual = true;
                Some([quoted(table, DUAL), quoted(table, DUAL)])
            }
            None => None,
        };
        if let Some(names) = names {
            *relation = ObjectName::from(names.to_vec());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(parts) => {
                if self.aliased {
                    parts.drain(..parts.len().saturating_sub(2));
                }
                parts.last_mut().into_iter().for_each(|name| self.column(name));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Columns in small letters, and as they are.
fn spelled<'a>(tables: impl Iterator<Item = &'a SchemaRef>) -> HashMap<String, String> {
    let mut spelled: HashMap<String, String> = HashMap::new();
    for column in tables.flat_map(|columns| columns.fields()) {
        let small = column.name().to_lowercase();
        // One that is in small letters somewhere keeps them: the engine finds it.
        let known = spelled.entry(small.clone()).or_insert_with(|| column.name().clone());
        if *column.name() == small {
            known.clone_from(column.name());
        }
    }
    spelled
}

/// Whether a name that was written means one that exists.
pub(super) fn means(written: &Ident, name: &str) -> bool {
    match written.quote_style {
        Some(_) => written.value == name,
        None => written.value.to_lowercase() == name.to_lowercase(),
    }
}

/// A name as it is, at the place of another.
fn quoted(name: &Ident, value: &str) -> Ident {
    Ident { value: value.to_owned(), quote_style: Some('"'), span: name.span }
}

fn dual() -> Guest {
    let columns = Arc::new(Schema::new(vec![Field::new("dummy", DataType::Int32, false)]));
    let row = RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(Int32Array::from(vec![1]))]);
    let rows = row.expect("one column of one row");
    Guest { schema: DUAL.into(), name: DUAL.into(), columns, rows: vec![rows] }
}
