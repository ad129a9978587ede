//! A value as it would be written in a query.

use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{CastKind, DataType, ExactNumberInfo, Expr, TimezoneInfo, Value};

use super::{QueryError, invalid};

/// The literal of a parameter's value. Numbers keep their value to the last bit, and times to the nanosecond.
pub(super) fn expr(name: &str, value: &ScalarValue) -> Result<Expr, QueryError> {
    if value.is_null() {
        return Ok(plain(Value::Null));
    }
    let text = || value.to_string();
    match value {
        ScalarValue::Boolean(Some(truth)) => Ok(plain(Value::Boolean(*truth))),
        ScalarValue::Int8(_)
        | ScalarValue::Int16(_)
        | ScalarValue::Int32(_)
        | ScalarValue::Int64(_)
        | ScalarValue::UInt8(_)
        | ScalarValue::UInt16(_)
        | ScalarValue::UInt32(_)
        | ScalarValue::UInt64(_) => Ok(number(text())),
        ScalarValue::Float32(Some(number)) => Ok(float(f64::from(*number))),
        ScalarValue::Float64(Some(number)) => Ok(float(*number)),
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Ok(quoted(text.clone())),
        ScalarValue::Decimal128(_, precision, scale) => {
            let digits = u64::from(*precision);
            let to = DataType::Decimal(ExactNumberInfo::PrecisionAndScale(digits, i64::from(*scale)));
            Ok(cast(decimal(value)?, to))
        }
        ScalarValue::Binary(Some(bytes))
        | ScalarValue::LargeBinary(Some(bytes))
        | ScalarValue::BinaryView(Some(bytes)) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(plain(Value::HexStringLiteral(digits)))
        }
        ScalarValue::Date32(_) | ScalarValue::Date64(_) => Ok(cast(shown(value)?, DataType::Date)),
        ScalarValue::TimestampSecond(..)
        | ScalarValue::TimestampMillisecond(..)
        | ScalarValue::TimestampMicrosecond(..)
        | ScalarValue::TimestampNanosecond(..) => {
            Ok(cast(shown(value)?, DataType::Timestamp(None, TimezoneInfo::None)))
        }
        ScalarValue::Dictionary(_, value) => expr(name, value),
        other => Err(invalid(format!(
            "parameter {name} has a value of type {}: bind a number, a text, a truth value, a time or bytes",
            other.data_type()
        ))),
    }
}

fn float(number_: f64) -> Expr {
    match number_.is_finite() {
        // The shortest text that reads back as the same number; it always has a point or an exponent.
        true => number(format!("{number_:?}")),
        false => cast(quoted(number_.to_string()), DataType::Double(ExactNumberInfo::None)),
    }
}

fn number(text: String) -> Expr {
    plain(Value::Number(text, false))
}

fn quoted(text: String) -> Expr {
    plain(Value::SingleQuotedString(text))
}

fn plain(value: Value) -> Expr {
    Expr::Value(value.with_empty_span())
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

/// A date or time as Arrow writes it (ISO 8601).
fn shown(value: &ScalarValue) -> Result<Expr, QueryError> {
    let text = value.cast_to(&arrow_schema::DataType::Utf8);
    let text =
        text.map_err(|_| invalid("a time that was bound is outside of what can be written".to_owned()))?;
    Ok(quoted(text.to_string()))
}

fn decimal(value: &ScalarValue) -> Result<Expr, QueryError> {
    shown(value)
}
