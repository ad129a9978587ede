//! What geometric functions take (ADQL 2.1, section 4.2): an optional coordinate system, numbers or points, and nothing
//! that is plainly something else. Columns may hold anything; the engine finds out.

use sqlparser::ast::{Expr, Function as Call, Value, ValueWithSpan};

use super::{Checked, at, invalid};
use crate::adql::error::{AdqlError, Position};
use crate::adql::functions::Function;
use crate::adql::stc;

/// Functions whose first argument may be a coordinate system.
const WITH_SYSTEM: [&str; 5] = ["point", "circle", "box", "polygon", "ellipse"];

/// Functions that return a geometry.
const SHAPES: [&str; 8] = ["point", "circle", "box", "polygon", "region", "centroid", "ellipse", "moc"];

/// The geometric types of CAST.
pub(super) fn is_type(name: &str) -> bool {
    ["point", "circle", "polygon"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Refuses a geometry as an operand of + - || and the like.
pub(super) fn refuse(operand: &Expr) -> Checked {
    match shape(operand) {
        Some(name) => invalid(&format!("{name} is a geometry: there is no arithmetic with it"), at(operand)),
        None => Ok(()),
    }
}

/// Checks the arguments of a geometric function; others have none to check here.
pub(super) fn arguments(function: &'static Function, values: &[&Expr], here: Position) -> Checked {
    if function.name == "region" {
        return region(values[0]);
    }
    if function.name == "in_unit" {
        return match text(values[1]) {
            Some(_) => Ok(()),
            None => invalid("the unit of IN_UNIT is a text in single quotes, such as 'mas'", at(values[1])),
        };
    }
    let rest = if WITH_SYSTEM.contains(&function.name) { after_system(values)? } else { values };
    let number = |index: usize| rest.get(index).is_some_and(|expr| is_number(expr));
    let good = match (function.name, rest.len()) {
        ("point", count) => count == 2 && !any_shape(rest),
        ("circle", count) => count == 3 && !any_shape(rest) || count == 2 && !number(0),
        ("box", count) => count == 4 && !any_shape(rest) || count == 3 && !number(0),
        ("polygon", count) if any_shape(rest) => count >= 3 && !rest.iter().any(|expr| is_number(expr)),
        ("polygon", count) if rest.iter().any(|expr| is_number(expr)) => count >= 6 && count % 2 == 0,
        ("distance", count) => count == 4 && !any_shape(rest) || count == 2 && !number(0) && !number(1),
        ("contains" | "intersects", _) => !number(0) && !number(1),
        ("area" | "centroid" | "coord1" | "coord2" | "coordsys", _) => !number(0),
        ("ellipse", count) => count == 5,
        _ => true,
    };
    if good {
        return Ok(());
    }
    let problem = format!("these are not the arguments of {}", function.name.to_uppercase());
    Err(AdqlError::Arguments { problem, syntax: function.signature, position: here })
}

/// The arguments after a coordinate system, which must be ours.
fn after_system<'a, 'b>(values: &'a [&'b Expr]) -> Result<&'a [&'b Expr], AdqlError> {
    let Some((first, rest)) = values.split_first() else { return Ok(values) };
    match first {
        Expr::Value(ValueWithSpan { value: Value::Null, .. }) => Ok(rest),
        other => match text(other) {
            Some(system) if stc::is_icrs(system) => Ok(rest),
            Some(system) => {
                let message = format!("the coordinate system {system} is not supported: positions are ICRS");
                Err(AdqlError::Invalid { message, position: at(*other) })
            }
            None => Ok(values),
        },
    }
}

fn region(argument: &Expr) -> Checked {
    match text(argument) {
        Some(text) => match stc::Shape::parse(text) {
            Ok(_) => Ok(()),
            Err(message) => invalid(&message, at(argument)),
        },
        None => invalid(
            "REGION takes a text in single quotes, such as REGION('CIRCLE ICRS 56.75 24.12 1')",
            at(argument),
        ),
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

/// Whether an expression can only be a number.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(..) | Value::HexStringLiteral(_), .. }) => true,
        Expr::UnaryOp { .. } | Expr::BinaryOp { .. } | Expr::Floor { .. } => true,
        Expr::Nested(inner) => is_number(inner),
        _ => false,
    }
}

fn any_shape(values: &[&Expr]) -> bool {
    values.iter().any(|expr| shape(expr).is_some())
}

/// The name of the function if an expression can only be a geometry.
fn shape(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Function(Call { name, .. }) => {
            let name = name.0.first()?.as_ident()?;
            SHAPES.into_iter().find(|shape| name.value.eq_ignore_ascii_case(shape))
        }
        Expr::Nested(inner) => shape(inner),
        _ => None,
    }
}
