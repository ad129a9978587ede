//! Light curves in ADQL: a struct has no place in the language, so that its fields are columns like any others.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use arrow_schema::{DataType, SchemaRef};
use catalogue::engine::{Guest, TableInfo};
use sqlparser::ast::{Expr, Ident, ObjectName, Query, Select, SelectItem, VisitMut, VisitorMut};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

/// Replaces columns that are fields of a struct by reading the field. Names of tables must be resolved already.
pub(super) fn resolve(query: &mut Query, tables: &[TableInfo], guests: &[Guest]) {
    let mut relations = Relations::default();
    let _: ControlFlow<()> = query.visit(&mut relations);
    let of_catalogue = tables.iter().map(|it| (&it.schema, &it.name, &it.arrow_schema));
    let of_guests = guests.iter().map(|it| (&it.schema, &it.name, &it.columns));
    let used = of_catalogue.chain(of_guests);
    let used =
        used.filter(|(schema, name, _)| relations.0.contains(&[schema.as_str(), name.as_str()].join(".")));
    let columns: Vec<&SchemaRef> = used.map(|(_, _, columns)| columns).collect();
    let mut fields = Fields(fields_of(&columns));
    if !fields.0.is_empty() {
        let _: ControlFlow<()> = query.visit(&mut fields);
    }
}

/// The tables that a query names, as `schema.table`.
#[derive(Default)]
struct Relations(HashSet<String>);

impl VisitorMut for Relations {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        let parts = relation.0.iter().filter_map(|part| part.as_ident());
        self.0.insert(parts.map(|ident| ident.value.as_str()).collect::<Vec<_>>().join("."));
        ControlFlow::Continue(())
    }
}

/// Fields and the columns that they are in; a field that is a column of its own somewhere is not meant.
fn fields_of(tables: &[&SchemaRef]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for column in tables.iter().flat_map(|columns| columns.fields()) {
        if let DataType::Struct(inner) = column.data_type() {
            fields.extend(inner.iter().map(|field| (field.name().clone(), column.name().clone())));
        }
    }
    fields.retain(|name, _| tables.iter().all(|columns| columns.column_with_name(name).is_none()));
    fields
}

struct Fields(BTreeMap<String, String>);

impl Fields {
    /// The field that a column means, and how it is read.
    fn read(&self, expr: &Expr) -> Option<(Ident, Expr)> {
        let (table, name) = match expr {
            Expr::Identifier(name) => (None, name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => (Some(table), name),
                _ => return None,
            },
            _ => return None,
        };
        let small = if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() };
        let column = self.0.get(&small)?;
        let table = table.map_or_else(String::new, |table| format!("{table}."));
        let text =
            format!("get_field({table}\"{}\", '{}')", column.replace('"', "\"\""), small.replace('\'', "''"));
        let read = Parser::new(&GenericDialect {}).try_with_sql(&text).ok()?.parse_expr().ok()?;
        Some((Ident { value: small, quote_style: Some('"'), span: name.span }, read))
    }
}

impl VisitorMut for Fields {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) = item
                && let Some((alias, expr)) = self.read(expr)
            {
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some((_, read)) = self.read(expr) {
            *expr = read;
        }
        ControlFlow::Continue(())
    }
}
