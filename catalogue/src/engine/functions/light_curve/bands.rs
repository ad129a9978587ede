//! `flux_to_mag(flux, band)` and `mag_to_flux(mag, band)`: Gaia's fluxes and magnitudes, of one number or of a list.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, GenericListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::LIGHT_CURVES;
use super::parameters::numbers;
use crate::light_curve::photometry::Band;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Direction {
    FluxToMag,
    MagToFlux,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Function {
    direction: Direction,
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(super) fn flux_to_mag() -> Self {
        let description = "The Vega magnitude of a flux in electrons per second, or of every flux in a list, by the \
                           zero points of Gaia EDR3 and DR3 (Riello et al. 2021). Null where a flux is not positive.";
        Self::new(Direction::FluxToMag, "flux_to_mag", "flux", description)
    }

    pub(super) fn mag_to_flux() -> Self {
        let description = "The flux in electrons per second of a Vega magnitude, or of every magnitude in a list, by \
                           the zero points of Gaia EDR3 and DR3 (Riello et al. 2021).";
        Self::new(Direction::MagToFlux, "mag_to_flux", "mag", description)
    }

    fn new(direction: Direction, name: &str, input: &str, description: &str) -> Self {
        let forms =
            [DataType::Float64, numbers()].map(|input| TypeSignature::Exact(vec![input, DataType::Utf8]));
        let documentation =
            Documentation::builder(LIGHT_CURVES, description, format!("{name}({input}, band)"))
                .with_argument(input, "A number, or a list of numbers")
                .with_argument("band", "'G', 'BP' or 'RP'")
                .build();
        Self { direction, signature: Signature::one_of(forms.into(), Volatility::Immutable), documentation }
    }

    fn convert(&self, band: Band, value: f64) -> Option<f64> {
        match self.direction {
            Direction::FluxToMag => band.magnitude(value),
            Direction::MagToFlux => Some(band.flux(value)),
        }
    }

    fn list(&self, lists: &GenericListArray<i32>, bands: &[Option<Band>]) -> ArrayRef {
        let offsets = lists.offsets();
        let values = lists.values().as_primitive::<Float64Type>();
        let mut converted: Vec<Option<f64>> = vec![None; values.len()];
        for (row, band) in bands.iter().enumerate() {
            let points = offsets[row] as usize..offsets[row + 1] as usize;
            for (place, converted) in points.clone().zip(&mut converted[points]) {
                let value = values.is_valid(place).then(|| values.value(place));
                *converted = band.zip(value).and_then(|(band, value)| self.convert(band, value));
            }
        }
        let field = Arc::new(Field::new_list_field(DataType::Float64, true));
        let converted = Arc::new(Float64Array::from(converted));
        Arc::new(GenericListArray::new(field, offsets.clone(), converted, lists.nulls().cloned()))
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.direction {
            Direction::FluxToMag => "flux_to_mag",
            Direction::MagToFlux => "mag_to_flux",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Float64))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, data_type) = (args.number_rows, args.return_field.data_type().clone());
        let columns: Vec<ArrayRef> =
            args.args.into_iter().map(|argument| argument.into_array(rows)).collect::<Result<_>>()?;
        let bands = columns[1].as_string::<i32>().iter().map(|name| name.map(band).transpose());
        let bands = bands.collect::<Result<Vec<Option<Band>>>>()?;
        let converted: ArrayRef = match columns[0].as_list_opt::<i32>() {
            Some(lists) => self.list(lists, &bands),
            None => {
                let values = columns[0].as_primitive::<Float64Type>().iter().zip(bands);
                Arc::new(Float64Array::from_iter(values.map(|(value, band)| self.convert(band?, value?))))
            }
        };
        Ok(ColumnarValue::Array(cast(&converted, &data_type)?))
    }
}

fn band(name: &str) -> Result<Band> {
    match Band::named(name) {
        Some(band) => Ok(band),
        None => exec_err!("no such band {name}; there are G, BP and RP"),
    }
}
