//! Quotients and remainders.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::{kernels::numeric, unary};
use arrow::datatypes::Float64Type;
use datafusion::logical_expr::{Signature, Volatility};

use super::super::function::Function;
use super::{described, plain};

pub(super) fn modulo() -> Function {
    Function {
        name: "mod",
        aliases: &[],
        signature: Signature::numeric(2, Volatility::Immutable),
        returns: |types| plain(types[0].clone()),
        call: |args, rows| Ok(numeric::rem(&args[0].to_array(rows)?, &args[1].to_array(rows)?)?),
        documentation: described(
            "The remainder of x / y, with the sign of x (ADQL 2.1, section 2.3).",
            "mod(x, y)",
        )
        .with_argument("x", "A number")
        .with_argument("y", "A number, not 0 when both are integers")
        .build(),
    }
}

pub(super) fn quotient() -> Function {
    Function {
        name: "div",
        aliases: &[],
        signature: Signature::numeric(2, Volatility::Immutable),
        returns: |types| plain(types[0].clone()),
        call: |args, rows| {
            let quotient = numeric::div(&args[0].to_array(rows)?, &args[1].to_array(rows)?)?;
            Ok(match quotient.as_primitive_opt::<Float64Type>() {
                Some(numbers) => Arc::new(unary::<_, _, Float64Type>(numbers, f64::trunc)),
                None => quotient,
            })
        },
        documentation: described("The quotient y / x without its fraction.", "div(y, x)")
            .with_argument("y", "A number")
            .with_argument("x", "A number, not 0 when both are integers")
            .build(),
    }
}
