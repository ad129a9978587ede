//! Functions that are not defined everywhere, such as `sqrt`, under ORDER BY. The engine's own give an error where
//! they should say that they keep no order, which refuses a whole query such as `ORDER BY sqrt(pmra * pmra)`.

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Those of the engine's functions.
const PARTIAL: [&str; 8] = ["acos", "acosh", "asin", "atanh", "ln", "log10", "log2", "sqrt"];

/// The functions, with those that need it replaced.
pub(super) fn repaired(functions: Vec<Arc<ScalarUDF>>) -> Vec<Arc<ScalarUDF>> {
    let repaired = |function: Arc<ScalarUDF>| match PARTIAL.contains(&function.name()) {
        true => Arc::new(ScalarUDF::from(Partial(function))),
        false => function,
    };
    functions.into_iter().map(repaired).collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Partial(Arc<ScalarUDF>);

impl ScalarUDFImpl for Partial {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn aliases(&self) -> &[String] {
        self.0.aliases()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.0.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.0.invoke_with_args(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation()
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        // Of an argument without a known type or range nothing is known, which is no error either.
        self.0.evaluate_bounds(input).or_else(|_| Interval::make_unbounded(&DataType::Float64))
    }

    fn output_ordering(&self, input: &[ExprProperties]) -> Result<SortProperties> {
        Ok(self.0.output_ordering(input).unwrap_or(SortProperties::Unordered))
    }
}
