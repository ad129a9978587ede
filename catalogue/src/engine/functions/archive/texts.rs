//! Texts: where one is in another, and one without the spaces at its ends.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, StringArray};
use arrow_schema::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{Signature, TypeSignature, Volatility};

use super::super::function::Function;
use super::{described, exact, plain};

pub(super) fn position() -> Function {
    Function {
        name: "esdc_position",
        aliases: &[],
        signature: exact(&[DataType::Utf8, DataType::Utf8]),
        returns: |_| plain(DataType::Int64),
        call: |args, rows| {
            let (parts, texts) = (args[0].to_array(rows)?, args[1].to_array(rows)?);
            let pairs = parts.as_string::<i32>().iter().zip(texts.as_string::<i32>());
            let places = pairs.map(|(part, text)| {
                let (part, text) = (part?, text?);
                let before = text.find(part).map(|at| text[..at].chars().count());
                Some(before.and_then(|count| i64::try_from(count + 1).ok()).unwrap_or(0))
            });
            Ok(Arc::new(places.collect::<Int64Array>()))
        },
        documentation: described(
            "Where a text first has another in it, counting from 1; 0 if nowhere.",
            "esdc_position(substring, string)",
        )
        .with_argument("substring", "The text to find")
        .with_argument("string", "The text to search")
        .build(),
    }
}

pub(super) fn trim() -> Function {
    let forms = [vec![DataType::Utf8], vec![DataType::Utf8, DataType::Utf8]].map(TypeSignature::Exact);
    Function {
        name: "esdc_trim",
        aliases: &[],
        signature: Signature::one_of(forms.into(), Volatility::Immutable),
        returns: |_| plain(DataType::Utf8),
        call: |args, rows| {
            let texts = args[args.len() - 1].to_array(rows)?;
            let ends = match args {
                [ends, _] => Some(ends.to_array(rows)?),
                _ => None,
            };
            let end = |row: usize| ends.as_ref().map_or("BOTH", |ends| ends.as_string::<i32>().value(row));
            let trimmed = texts.as_string::<i32>().iter().enumerate().map(|(row, text)| {
                text.map(|text| match end(row).to_ascii_uppercase().as_str() {
                    "BOTH" => Ok(text.trim_matches(' ')),
                    "LEADING" => Ok(text.trim_start_matches(' ')),
                    "TRAILING" => Ok(text.trim_end_matches(' ')),
                    other => exec_err!("esdc_trim: {other} is none of LEADING, TRAILING and BOTH"),
                })
                .transpose()
            });
            Ok(Arc::new(trimmed.collect::<Result<StringArray>>()?))
        },
        documentation: described("A text without the spaces at its ends.", "esdc_trim([ends,] string)")
            .with_argument("ends", "'LEADING', 'TRAILING' or 'BOTH'")
            .with_argument("string", "A text")
            .build(),
    }
}
