//! Truth values. ADQL has none: the Gaia archive's users compare such columns with texts, as in `has_rvs = 'true'`, in
//! any of the words that PostgreSQL knows. The engine wants the value itself.

use std::collections::HashMap;
use std::ops::ControlFlow;

use arrow_schema::{DataType, SchemaRef};
use sqlparser::ast::{BinaryOperator, Expr, Query, Value, ValueWithSpan, VisitMut, VisitorMut};

const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];

/// Replaces texts that are compared with a truth value of one of these tables.
pub(super) fn resolve<'a>(query: &mut Query, tables: impl Iterator<Item = &'a SchemaRef>) {
    let mut truths = Truths::default();
    for field in tables.flat_map(|columns| columns.fields()) {
        let boolean = *field.data_type() == DataType::Boolean;
        // A name that is something else in another table is left alone.
        let known = truths.columns.entry(field.name().to_lowercase()).or_insert(boolean);
        *known &= boolean;
    }
    let _: ControlFlow<()> = query.visit(&mut truths);
}

#[derive(Default)]
struct Truths {
    /// Columns in small letters, and whether they are truth values.
    columns: HashMap<String, bool>,
}

impl Truths {
    fn has(&self, expr: &Expr) -> bool {
        let name = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        name.is_some_and(|name| self.columns.get(&name.value.to_lowercase()) == Some(&true))
    }
}

impl VisitorMut for Truths {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right } = expr {
            if self.has(left) {
                replace(right);
            } else if self.has(right) {
                replace(left);
            }
        }
        ControlFlow::Continue(())
    }
}

fn replace(expr: &mut Expr) {
    if let Expr::Value(ValueWithSpan { value, .. }) = expr
        && let Value::SingleQuotedString(text) = &*value
    {
        let is = |words: [&str; 6]| words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()));
        match (is(TRUE), is(FALSE)) {
            (true, _) => *value = Value::Boolean(true),
            (_, true) => *value = Value::Boolean(false),
            _ => {}
        }
    }
}
