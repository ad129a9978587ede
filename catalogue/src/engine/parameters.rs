//! Values for the places that a text leaves open: `?`, `$1` or `$name`. A value is written into the syntax tree where
//! its place is, as if the person had typed it, so that nothing after the parser knows of parameters.
//!
//! Types are not asked of the person: [`of_plan`] reads them from what the planner makes of the open places.

mod literal;
mod places;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Cast, Expr as PlanExpr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{VisitMut, visit_expressions_mut};

use super::error::QueryError;
use places::{Key, name_all, placeholder};

/// A statement that was checked and not run: what it will answer, and what has to be bound first.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The columns of the answer. A column that is a parameter has its type once that is bound.
    pub schema: SchemaRef,
    /// A field for each parameter, in the order in which values are bound, named `$1` or `$name`. Its type is `Null` where
    /// the statement takes any.
    pub parameters: Schema,
}

impl Prepared {
    /// Checks that a row of values fits, so that a mistake shows when it is made.
    pub fn check(&self, values: &RecordBatch) -> Result<(), QueryError> {
        let fields = self.parameters.fields();
        let given = values_of(values, fields.iter().map(|field| field.name().as_str()).collect())?;
        for field in fields {
            let value = given.get(field.name().as_str()).map_or(DataType::Null, ScalarValue::data_type);
            if kinds_differ(field.data_type(), &value) {
                let (name, wanted) = (field.name(), field.data_type());
                return Err(invalid(format!(
                    "parameter {name} takes a value of type {wanted}, and {value} was bound"
                )));
            }
        }
        Ok(())
    }
}

/// Writes one row of values into the open places. Without a row, there may be none.
pub(super) fn bind(sql: &mut impl VisitMut, values: Option<&RecordBatch>) -> Result<(), QueryError> {
    let names = name_all(sql)?;
    let values = match values {
        Some(values) => values_of(values, names.iter().map(String::as_str).collect())?,
        None => match names.first() {
            None => return Ok(()),
            Some(name) => {
                let message = format!(
                    "parameter {name} has no value: prepare the statement and bind one, or write the value there"
                );
                return Err(invalid(message));
            }
        },
    };
    let flow = visit_expressions_mut(sql, |expr| {
        let Some(name) = placeholder(expr).map(|(name, _)| name.to_owned()) else {
            return ControlFlow::Continue(());
        };
        match values.get(name.as_str()).map(|value| literal::expr(&name, value)) {
            Some(Ok(literal)) => *expr = literal,
            Some(Err(error)) => return ControlFlow::Break(error),
            None => {}
        }
        ControlFlow::Continue(())
    });
    match flow {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// Gives each `?` its number and leaves all places open.
pub(super) fn leave_open(sql: &mut impl VisitMut) -> Result<(), QueryError> {
    name_all(sql).map(|_| ())
}

/// The parameters that a plan still has, with the types to which the planner casts them.
pub(super) fn of_plan(plan: &LogicalPlan) -> Schema {
    let mut types: BTreeMap<Key, DataType> = BTreeMap::new();
    let mut note = |id: &str, found: DataType| {
        let known = types.entry(Key::of(id)).or_insert(DataType::Null);
        if known.is_null() {
            *known = found;
        }
    };
    // The closures never fail, and so neither does the visit.
    let _ = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                match expr {
                    PlanExpr::Cast(Cast { expr, field }) => {
                        if let PlanExpr::Placeholder(Placeholder { id, .. }) = expr.as_ref() {
                            note(id, field.data_type().clone());
                        }
                    }
                    PlanExpr::Placeholder(Placeholder { id, field }) => {
                        note(id, field.as_ref().map_or(DataType::Null, |field| field.data_type().clone()));
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    let field = |(key, data_type): (Key, DataType)| Field::new(key.name(), data_type, true);
    Schema::new(types.into_iter().map(field).collect::<Vec<_>>())
}

/// The values by the parameters' names: named ones by the names of columns, others by their order.
fn values_of<'a>(
    values: &RecordBatch,
    names: Vec<&'a str>,
) -> Result<BTreeMap<&'a str, ScalarValue>, QueryError> {
    if values.num_rows() != 1 {
        let rows = values.num_rows();
        return Err(invalid(format!(
            "{rows} rows of values were bound: bind one, and run the statement once for each"
        )));
    }
    let column = |(place, name): (usize, &'a str)| {
        let (column, given) = match Key::of(name) {
            Key::Number(number) => (number.checked_sub(1), values.num_columns()),
            Key::Name(wanted) => (values.schema().index_of(&wanted).ok(), place),
        };
        let column = column.and_then(|column| values.columns().get(column));
        let column = column.ok_or_else(|| {
            invalid(format!("parameter {name} has no value: {given} were bound, in order or by name"))
        })?;
        let value = ScalarValue::try_from_array(column, 0);
        let value = value.map_err(|_| invalid(format!("the value of parameter {name} cannot be read")))?;
        Ok((name, value))
    };
    let found =
        names.iter().copied().enumerate().map(column).collect::<Result<BTreeMap<_, _>, QueryError>>()?;
    if values.num_columns() > names.len() {
        let (given, wanted) = (values.num_columns(), names.len());
        return Err(invalid(format!("{given} values were bound to a statement with {wanted} parameters")));
    }
    Ok(found)
}

/// Whether one is text and the other a number. What is nearer to each other the planner casts.
fn kinds_differ(wanted: &DataType, given: &DataType) -> bool {
    let text = |data_type: &DataType| data_type.is_string();
    let number = |data_type: &DataType| data_type.is_numeric();
    (text(wanted) && number(given)) || (number(wanted) && text(given))
}

fn invalid(message: String) -> QueryError {
    QueryError::Invalid { message, place: None }
}
