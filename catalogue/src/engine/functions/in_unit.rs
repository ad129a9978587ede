//! `IN_UNIT(value, 'unit')` (ADQL 2.1, section 4.6): a column in another unit than its own.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::unary;
use arrow::datatypes::Float64Type;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::POSITIONS;
use crate::units::Unit;

/// The key of a column's unit in its metadata.
const UNIT: &str = "unit";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct InUnit {
    signature: Signature,
    documentation: Documentation,
}

impl InUnit {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Float64, DataType::Utf8], Volatility::Immutable),
            documentation: Documentation::builder(
                POSITIONS,
                "A column in another unit of the same kind. The value must be a column with a unit, or a function \
                 whose result has one.",
                "in_unit(value, unit)",
            )
            .with_sql_example("SELECT in_unit(parallax, 'arcsec') FROM gaiadr3.gaia_source LIMIT 1")
            .with_argument("value", "A column with a unit")
            .with_argument("unit", "The unit wanted, as a text in VOUnits, such as 'arcsec' or 'km.s**-1'")
            .build(),
        }
    }
}

impl ScalarUDFImpl for InUnit {
    fn name(&self) -> &str {
        "in_unit"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the planner asks for the field")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = Field::new("in_unit", DataType::Float64, true);
        // Listings ask without arguments.
        let [_, Some(ScalarValue::Utf8(Some(unit)))] = args.scalar_arguments else {
            return Ok(Arc::new(field));
        };
        factor(&args.arg_fields[0], unit)?;
        Ok(Arc::new(field.with_metadata([(UNIT.to_owned(), unit.clone())].into())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ColumnarValue::Scalar(ScalarValue::Utf8(Some(unit))) = &args.args[1] else {
            return plan_err!("in_unit: the unit must be a text and not a column");
        };
        let factor = factor(&args.arg_fields[0], unit)?;
        let values = args.args[0].to_array(args.number_rows)?;
        let values = unary::<_, _, Float64Type>(values.as_primitive::<Float64Type>(), |value| value * factor);
        Ok(ColumnarValue::Array(Arc::new(values) as ArrayRef))
    }
}

fn factor(field: &Field, wanted: &str) -> Result<f64> {
    let Some(own) = field.metadata().get(UNIT) else {
        return plan_err!("in_unit: {} has no unit: multiply it yourself", field.name());
    };
    let Some(own_unit) = Unit::parse(own) else {
        return plan_err!("in_unit: the unit {own} of {} is not known", field.name());
    };
    let Some(unit) = Unit::parse(wanted) else {
        return plan_err!("in_unit: {wanted} is no known unit: write it as in VOUnits, such as km.s**-1");
    };
    match own_unit.factor_to(&unit) {
        Some(factor) => Ok(factor),
        None => plan_err!("in_unit: {} is in {own}, which does not convert to {wanted}", field.name()),
    }
}
