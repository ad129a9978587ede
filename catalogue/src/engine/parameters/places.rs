//! The places that a text leaves open: their names, and the order in which they get values.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Value, ValueWithSpan, VisitMut, visit_expressions_mut};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::{QueryError, invalid};

/// The order in which values are bound: by number, and then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Number(usize),
    Name(String),
}

impl Key {
    /// The key of a placeholder as the parser writes it.
    pub(super) fn of(placeholder: &str) -> Self {
        let name = placeholder.trim_start_matches('$');
        name.parse().map_or_else(|_| Self::Name(name.to_owned()), Self::Number)
    }

    /// As errors and schemas name it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Number(number) => format!("${number}"),
            Self::Name(name) => format!("${name}"),
        }
    }
}

/// Numbers each `?` by its place in the text; the names of all parameters, each once and in the order of binding.
pub(super) fn name_all(sql: &mut impl VisitMut) -> Result<Vec<String>, QueryError> {
    let mut keys = BTreeSet::new();
    let mut marks = BTreeSet::new();
    let _: ControlFlow<()> = visit_expressions_mut(sql, |expr| {
        if let Some((name, at)) = placeholder(expr) {
            match name.strip_prefix('?') {
                Some(_) => drop(marks.insert((at.line, at.column))),
                None => drop(keys.insert(Key::of(name))),
            }
        }
        ControlFlow::Continue(())
    });
    if !marks.is_empty() && !keys.is_empty() {
        return Err(invalid(
            "parameters are written as ? or as $1, and not both in one statement".to_owned(),
        ));
    }
    let numbers: BTreeMap<_, _> = marks.iter().zip(1_usize..).collect();
    let _: ControlFlow<()> = visit_expressions_mut(sql, |expr| {
        let number = placeholder(expr).and_then(|(_, at)| numbers.get(&(at.line, at.column)));
        if let (Some(number), Expr::Value(value)) = (number, &mut *expr) {
            value.value = Value::Placeholder(format!("${number}"));
        }
        ControlFlow::Continue(())
    });
    keys.extend(numbers.into_values().map(Key::Number));
    Ok(keys.iter().map(Key::name).collect())
}

/// The name and place of a placeholder.
pub(super) fn placeholder(expr: &Expr) -> Option<(&str, Location)> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Placeholder(name), span }) => Some((name, span.start)),
        _ => None,
    }
}
