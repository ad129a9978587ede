//! What a function of light curves takes: its signature, its documentation, and the arguments of a call.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, Signature, TypeSignature, Volatility};

use super::LIGHT_CURVES;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A list of numbers, one per point.
    Points,
    /// A list of standard errors, one per point; null for errors that are all equal.
    Errors,
    /// A list of numbers that are no points.
    Choices,
    /// A number.
    Number,
    /// A word.
    Word,
}

/// One argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) description: &'static str,
}

/// Times of the points.
pub(super) const TIMES: Parameter =
    Parameter { name: "times", kind: Kind::Points, description: "Times of the points, days" };

/// Values of the points.
pub(super) const VALUES: Parameter =
    Parameter { name: "values", kind: Kind::Points, description: "Magnitudes or fluxes of the points" };

/// Errors of the values.
pub(super) const ERRORS: Parameter = Parameter {
    name: "errors",
    kind: Kind::Errors,
    description: "Standard errors of the values, in their unit; NULL if all are equal",
};

/// The list of 64-bit numbers.
pub(super) fn numbers() -> DataType {
    DataType::List(Field::new_list_field(DataType::Float64, true).into())
}

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Points | Self::Errors | Self::Choices => numbers(),
            Self::Number => DataType::Float64,
            Self::Word => DataType::Utf8,
        }
    }
}

/// The signature of a function of `parameters`, of which the last `optional` may be left out.
pub(super) fn signature(parameters: &[Parameter], optional: usize) -> Signature {
    let types: Vec<DataType> = parameters.iter().map(|parameter| parameter.kind.data_type()).collect();
    let fewest = types.len() - optional;
    let exact = (fewest..=types.len()).map(|count| TypeSignature::Exact(types[..count].to_vec()));
    Signature::one_of(exact.collect(), Volatility::Immutable)
}

/// The documentation of such a function.
pub(super) fn documentation(
    name: &str,
    description: &str,
    parameters: &[Parameter],
    optional: usize,
) -> Documentation {
    let fewest = parameters.len() - optional;
    let names = |some: &[Parameter]| some.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    let (needed, more) = (names(&parameters[..fewest]), names(&parameters[fewest..]));
    let syntax = match optional {
        0 => format!("{name}({needed})"),
        _ => format!("{name}({needed}[, {more}])"),
    };
    let builder = Documentation::builder(LIGHT_CURVES, description, syntax);
    parameters.iter().fold(builder, |builder, one| builder.with_argument(one.name, one.description)).build()
}

/// The arguments of a call as arrays of the types of the signature, all as long as there are rows.
pub(super) fn arrays(args: ScalarFunctionArgs, parameters: &[Parameter]) -> Result<Vec<ArrayRef>> {
    let rows = args.number_rows;
    let arrays = args
        .args
        .into_iter()
        .zip(parameters)
        .map(|(argument, parameter)| Ok(cast(&argument.into_array(rows)?, &parameter.kind.data_type())?));
    arrays.collect()
}
