//! Values: numbers, texts, columns, arithmetic, casts and calls.

use sqlparser::ast::{
    BinaryOperator, CastKind, CeilFloorKind, CharacterLength, DataType, DateTimeField, Expr, ObjectName,
    TimezoneInfo, UnaryOperator, Value, ValueWithSpan,
};

use super::{Checked, at, call, condition, geometry, invalid, name, not_adql};

/// A value.
#[recursive::recursive]
pub(super) fn value(expr: &Expr) -> Checked {
    match expr {
        Expr::Identifier(column) => name::name(column),
        Expr::CompoundIdentifier(parts) => name::column(parts),
        Expr::Value(literal) => self::literal(literal),
        Expr::Nested(inner) => value(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::BitwiseNot,
            expr,
        } => value(expr),
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) => {
            geometry::refuse(left)?;
            geometry::refuse(right)?;
            value(left)?;
            value(right)
        }
        Expr::Function(function) => call::call(function),
        // The parser knows FLOOR as part of SQL and not as a function.
        Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => value(expr),
        Expr::Cast { kind: CastKind::Cast, expr, data_type, array: false, format: None } => {
            value(expr)?;
            target(data_type, expr)
        }
        other if condition::is_condition(other) => invalid(
            "a value is needed here and not a condition: conditions stand after WHERE, ON and HAVING",
            at(other),
        ),
        other => foreign(other),
    }
}

fn literal(literal: &ValueWithSpan) -> Checked {
    match &literal.value {
        Value::Number(..) | Value::SingleQuotedString(_) | Value::Null => Ok(()),
        Value::HexStringLiteral(digits) => {
            let columns = literal.span.end.column.saturating_sub(literal.span.start.column);
            let prefix = columns == digits.len() as u64 + 2;
            let fits = u64::from_str_radix(digits, 16).is_ok_and(|number| i64::try_from(number).is_ok());
            if prefix && fits {
                Ok(())
            } else {
                invalid(
                    "a hexadecimal number is 0x and up to 16 digits below 0x8000000000000000",
                    at(literal),
                )
            }
        }
        _ => not_adql("literal of this kind", "it has numbers and texts in single quotes", at(literal)),
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseXor
    )
}

/// The types of CAST (ADQL 2.1, section 4.7.1).
fn target(data_type: &DataType, expr: &Expr) -> Checked {
    let known = match data_type {
        DataType::SmallInt(None) | DataType::Integer(None) | DataType::BigInt(None) => true,
        DataType::Real | DataType::DoublePrecision => true,
        DataType::Char(None) | DataType::Varchar(None) => true,
        DataType::Char(Some(length)) | DataType::Varchar(Some(length)) => {
            matches!(length, CharacterLength::IntegerLength { length: 1.., unit: None })
        }
        DataType::Timestamp(None, TimezoneInfo::None) => true,
        DataType::Custom(ObjectName(parts), arguments) if arguments.is_empty() => match parts.as_slice() {
            [part] => part.as_ident().is_some_and(|name| geometry::is_type(&name.value)),
            _ => false,
        },
        _ => false,
    };
    if known {
        return Ok(());
    }
    let hint = "it casts to SMALLINT, INTEGER, BIGINT, REAL, DOUBLE PRECISION, CHAR(n), VARCHAR(n), TIMESTAMP, POINT, \
                CIRCLE and POLYGON";
    not_adql(&format!("type {data_type} to cast to"), hint, at(expr))
}

/// What SQL has and ADQL does not.
fn foreign(expr: &Expr) -> Checked {
    let (what, hint) = match expr {
        Expr::Case { .. } => ("CASE", "write esdc_if_then_else or COALESCE"),
        Expr::Subquery(_) => ("subquery as a value", "join with it in FROM"),
        Expr::Substring { .. } => ("SUBSTRING", "write esdc_substring(text, start, length)"),
        Expr::Position { .. } => ("POSITION", "write esdc_position(part, text)"),
        Expr::Trim { .. } => ("TRIM", "write esdc_trim(text)"),
        Expr::Ceil { .. } => ("CEIL", "write CEILING(x)"),
        Expr::Floor { .. } => ("FLOOR with two arguments", "write FLOOR(x) or TRUNCATE(x, n)"),
        Expr::Extract { .. } | Expr::Interval(_) | Expr::TypedString(_) | Expr::AtTimeZone { .. } => {
            ("arithmetic with dates of this kind", "write CAST(text AS TIMESTAMP)")
        }
        Expr::Cast { .. } | Expr::Convert { .. } => ("conversion of this form", "write CAST(value AS type)"),
        Expr::Overlay { .. } => ("OVERLAY", "write texts with ||"),
        Expr::Array(_) | Expr::Tuple(_) => ("list as a value", "write esdc_array_element(a, b, ...)"),
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => ("* as a value", "name a column"),
        Expr::BinaryOp { .. } | Expr::UnaryOp { .. } => {
            ("operator of this kind", "it has + - * / % || & | ^ ~ and comparisons")
        }
        _ => ("expression of this kind", "write columns, numbers, texts and functions"),
    };
    not_adql(what, hint, at(expr))
}
