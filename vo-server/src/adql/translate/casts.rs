//! CAST to the engine's types: texts of limited length are cut, and texts of numbers become geometries.

use sqlparser::ast::{CharacterLength, DataType, Expr, Spanned, Value, ValueWithSpan};

use super::{build, calls};
use crate::adql::error::{AdqlError, Position};
use crate::adql::stc::Shape;

/// A cast in the engine's words, where they differ.
pub(super) fn translated(cast: &mut Expr) -> Result<Option<Expr>, AdqlError> {
    let Expr::Cast { expr, data_type, .. } = cast else { return Ok(None) };
    match data_type {
        DataType::Char(length) | DataType::Varchar(length) => {
            let length = *length;
            *data_type = DataType::Varchar(None);
            Ok(match length {
                Some(CharacterLength::IntegerLength { length, .. }) => {
                    Some(build::call("left", vec![cast.clone(), build::number(length)]))
                }
                _ => None,
            })
        }
        DataType::Custom(name, _) => {
            let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = expr.as_ref()
            else {
                return refused("only a text in single quotes is cast to a geometry", expr);
            };
            match Shape::cast(&name.to_string(), text) {
                Ok(shape) => Ok(Some(calls::shape(shape))),
                Err(message) => refused(&message, expr),
            }
        }
        _ => Ok(None),
    }
}

fn refused(message: &str, expr: &Expr) -> Result<Option<Expr>, AdqlError> {
    Err(AdqlError::Invalid { message: message.to_owned(), position: Position::of(expr.span()) })
}
