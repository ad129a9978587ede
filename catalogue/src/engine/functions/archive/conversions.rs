//! Values as other types, and one value or another: what stands for CAST and CASE, which the archive does not have.

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options, kernels::zip::zip};
use arrow_schema::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Signature, TypeSignature, Volatility};

use super::super::function::Function;
use super::{described, plain};

pub(super) fn choice() -> Function {
    let forms = [DataType::Int64, DataType::Float64, DataType::Utf8];
    let forms = forms.map(|it| TypeSignature::Exact(vec![DataType::Boolean, it.clone(), it]));
    Function {
        name: "esdc_if_then_else",
        aliases: &[],
        signature: Signature::one_of(forms.into(), Volatility::Immutable),
        returns: |types| plain(types[1].clone()),
        call: |args, rows| {
            let condition = args[0].to_array(rows)?;
            Ok(zip(condition.as_boolean(), &args[1].to_array(rows)?, &args[2].to_array(rows)?)?)
        },
        documentation: described(
            "One value where a condition is true and another where it is not.",
            "esdc_if_then_else(condition, value, otherwise)",
        )
        .with_argument("condition", "A truth value; null counts as false")
        .with_argument("value", "A number or text")
        .with_argument("otherwise", "Another of the same type")
        .build(),
    }
}

pub(super) fn conversions() -> [Function; 7] {
    [
        conversion(
            "esdc_to_bigint",
            |_| plain(DataType::Int64),
            |args, rows| to(args, rows, &DataType::Int64),
        ),
        conversion(
            "esdc_to_integer",
            |_| plain(DataType::Int32),
            |args, rows| to(args, rows, &DataType::Int32),
        ),
        conversion(
            "esdc_to_smallint",
            |_| plain(DataType::Int16),
            |args, rows| to(args, rows, &DataType::Int16),
        ),
        conversion(
            "esdc_to_double",
            |_| plain(DataType::Float64),
            |args, rows| to(args, rows, &DataType::Float64),
        ),
        conversion(
            "esdc_to_real",
            |_| plain(DataType::Float32),
            |args, rows| to(args, rows, &DataType::Float32),
        ),
        conversion(
            "esdc_to_boolean",
            |_| plain(DataType::Boolean),
            |args, rows| to(args, rows, &DataType::Boolean),
        ),
        conversion("esdc_to_char", |_| plain(DataType::Utf8), |args, rows| to(args, rows, &DataType::Utf8)),
    ]
}

fn conversion(
    name: &'static str,
    returns: fn(&[DataType]) -> Field,
    call: fn(&[ColumnarValue], usize) -> Result<ArrayRef>,
) -> Function {
    let kinds = [DataType::Int64, DataType::Float64, DataType::Boolean, DataType::Utf8];
    let forms = kinds.map(|it| TypeSignature::Exact(vec![it]));
    Function {
        name,
        aliases: &[],
        signature: Signature::one_of(forms.into(), Volatility::Immutable),
        returns,
        call,
        documentation: described(
            "The value as another type; an error when that type cannot hold it.",
            &format!("{name}(value)"),
        )
        .with_argument("value", "A number, truth value or text")
        .build(),
    }
}

fn to(args: &[ColumnarValue], rows: usize, data_type: &DataType) -> Result<ArrayRef> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    Ok(cast_with_options(&args[0].to_array(rows)?, data_type, &strict)?)
}
