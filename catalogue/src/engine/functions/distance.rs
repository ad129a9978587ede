//! `distance_deg(ra1, dec1, ra2, dec2)`: the angle between two positions.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::{CONE, POSITIONS, numbers};
use crate::healpix;

/// The name of the function.
pub(crate) const DISTANCE: &str = "distance_deg";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DistanceFunction {
    signature: Signature,
    documentation: Documentation,
}

impl DistanceFunction {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Float64; 4], Volatility::Immutable),
            documentation: Documentation::builder(
                POSITIONS,
                "The angle between two positions, in degrees, exact at small and at large angles.",
                "distance_deg(ra1, dec1, ra2, dec2)",
            )
            .with_argument("ra1", "Right ascension of the first position, degrees")
            .with_argument("dec1", "Declination of the first position, degrees")
            .with_argument("ra2", "Right ascension of the second position, degrees")
            .with_argument("dec2", "Declination of the second position, degrees")
            .with_related_udf(CONE)
            .build(),
        }
    }
}

impl ScalarUDFImpl for DistanceFunction {
    fn name(&self) -> &str {
        DISTANCE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let [ra1, dec1, ra2, dec2] = numbers(&columns)?;
        let angles = (0..ra1.len()).map(|row| {
            let [ra1, dec1, ra2, dec2] = [ra1, dec1, ra2, dec2].map(|column| column.get(row));
            Some(healpix::separation_deg(ra1?, dec1?, ra2?, dec2?))
        });
        Ok(ColumnarValue::Array(Arc::new(angles.collect::<Float64Array>())))
    }
}
