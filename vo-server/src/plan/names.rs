//! Names as astronomers write them. Without quotes ADQL does not care for capitals; the engine knows small letters only,
//! so that a table or column with capitals is found here. And `dual`, a table with one row, is there when asked for.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use catalogue::engine::{Guest, TableInfo};
use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, VisitMut, VisitorMut};

/// The table with one row, and the schema in which it stands for the engine.
const DUAL: &str = "dual";

/// Replaces names by those of the tables and columns that they mean. A name that means none stays: the engine says so.
pub(super) fn resolve(query: &mut Query, tables: &[TableInfo], guests: &mut Vec<Guest>) {
    let of_guests = guests.iter().map(|guest| (guest.schema.clone(), guest.name.clone(), &guest.columns));
    let of_catalogue = tables.iter().map(|it| (it.schema.clone(), it.name.clone(), &it.arrow_schema));
    let mut names = Names::default();
    for (schema, table, columns) in of_catalogue.chain(of_guests) {
        names.add(&schema, &table, columns);
    }
    let _: ControlFlow<()> = query.visit(&mut names);
    if names.dual {
        guests.push(dual());
    }
}

/// What unquoted names mean, where it is not the same in small letters.
#[derive(Default)]
struct Names {
    /// Schema and table in small letters, and as they are.
    tables: HashMap<[String; 2], [String; 2]>,
    /// A column in small letters, and as it is.
    columns: HashMap<String, String>,
    dual: bool,
}

impl Names {
    fn add(&mut self, schema: &str, table: &str, columns: &SchemaRef) {
        let small = [schema.to_lowercase(), table.to_lowercase()];
        self.tables.insert(small, [schema.to_owned(), table.to_owned()]);
        for column in columns.fields() {
            let small = column.name().to_lowercase();
            // One that is in small letters somewhere keeps them: the engine finds it.
            let known = self.columns.entry(small.clone()).or_insert_with(|| column.name().clone());
            if *column.name() == small {
                known.clone_from(column.name());
            }
        }
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

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        match relation.0.as_mut_slice() {
            [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)]
                if schema.quote_style.is_none() && table.quote_style.is_none() =>
            {
                let small = [schema, table].map(|name| name.value.to_lowercase());
                if let Some([own_schema, own_table]) = self.tables.get(&small)
                    && [own_schema, own_table] != [&small[0], &small[1]]
                {
                    (*schema, *table) = (quoted(schema, own_schema), quoted(table, own_table));
                }
            }
            [ObjectNamePart::Identifier(table)] if table.value.eq_ignore_ascii_case(DUAL) => {
                self.dual = true;
                relation.0.insert(0, ObjectNamePart::Identifier(Ident::new(DUAL)));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(parts) => {
                parts.last_mut().into_iter().for_each(|name| self.column(name))
            }
            _ => {}
        }
        ControlFlow::Continue(())
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
