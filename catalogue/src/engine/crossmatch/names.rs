//! The tables that a call of `crossmatch(...)` names, made visible as tables: everything that looks at a query's
//! text (who may see what, how many scans, what was misspelt) then needs to know nothing of calls.

use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, Query, Statement as Sql, TableFactor, Value,
    VisitMut, VisitorMut, visit_relations_mut,
};

use super::NAME;

/// Replaces each table named as an argument of `crossmatch` by a subquery that reads all of it.
pub(crate) fn name_tables(statement: &mut Statement) {
    match statement {
        Statement::Statement(sql) => {
            let _: ControlFlow<()> = sql.visit(&mut Calls);
        }
        Statement::Explain(explain) => name_tables(&mut explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {}
    }
}

struct Calls;

impl VisitorMut for Calls {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: Some(args), .. } = factor
            && is_call(name)
        {
            for arg in &mut args.args {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg
                    && let Some(query) = table_name(expr).and_then(all_of)
                {
                    *expr = Expr::Subquery(query);
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// Whether a relation with arguments is a crossmatch.
pub(super) fn is_call(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|name| name.value.eq_ignore_ascii_case(NAME)))
}

/// A name, or a text with one.
fn table_name(expr: &Expr) -> Option<ObjectName> {
    match expr {
        Expr::Identifier(name) => Some(ObjectName::from(vec![name.clone()])),
        Expr::CompoundIdentifier(names) => Some(ObjectName::from(names.clone())),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => {
                Some(ObjectName::from(text.split('.').map(Ident::new).collect::<Vec<_>>()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `SELECT * FROM name`
fn all_of(name: ObjectName) -> Option<Box<Query>> {
    let mut statements = DFParserBuilder::new("SELECT * FROM t").build().ok()?.parse_statements().ok()?;
    let Some(Statement::Statement(sql)) = statements.pop_front() else { return None };
    let Sql::Query(mut query) = *sql else { return None };
    let _: ControlFlow<()> = visit_relations_mut(&mut query, |relation| {
        relation.clone_from(&name);
        ControlFlow::Continue(())
    });
    Some(query)
}
