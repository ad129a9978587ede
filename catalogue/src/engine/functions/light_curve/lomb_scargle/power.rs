//! `lomb_scargle_power(times, values, errors, frequency)`: the power at one frequency.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::super::parameters::{self, ERRORS, Kind, Parameter, TIMES, VALUES};
use super::super::points::{Rows, series};
use super::{HARMONICS, harmonics};
use crate::light_curve::lomb_scargle::{LombScargle, Normalisation};

const NAME: &str = "lomb_scargle_power";

const PARAMETERS: &[Parameter] = &[
    TIMES,
    VALUES,
    ERRORS,
    Parameter { name: "frequency", kind: Kind::Number, description: "Frequency, cycles per day" },
    HARMONICS,
    Parameter {
        name: "normalisation",
        kind: Kind::Word,
        description: "'standard' (the default): the part of chi2 that the fit takes away; 'model': the same over what \
                      is left; 'log': minus the logarithm of what is left; 'psd': half the chi2 taken away",
    },
];

const FREQUENCY: usize = 3;
const HARMONICS_AT: usize = 4;
const NORMALISATION: usize = 5;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine::functions::light_curve) struct Function {
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(in crate::engine::functions::light_curve) fn new() -> Self {
        let description = "The power of the Lomb-Scargle periodogram with a floating mean at one frequency (Zechmeister \
                           & Kuerster 2009).";
        let documentation = parameters::documentation(NAME, description, PARAMETERS, 2);
        Self { signature: parameters::signature(PARAMETERS, 2), documentation }
    }
}

fn power(rows: &Rows, row: usize) -> Result<Option<f64>> {
    let Some(lists) = rows.points(row)? else { return Ok(None) };
    let harmonics = harmonics(NAME, rows.number(HARMONICS_AT, row))?;
    let name = rows.word(NORMALISATION, row).unwrap_or("standard");
    let Some(normalisation) = Normalisation::named(name) else {
        return exec_err!("{NAME}: no normalisation {name}; there are standard, model, log and psd");
    };
    let periodogram = series(&lists).and_then(|series| LombScargle::new(series, harmonics));
    Ok(periodogram
        .zip(rows.number(FREQUENCY, row))
        .map(|(periodogram, frequency)| periodogram.power(frequency, normalisation)))
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        NAME
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
        let rows = Rows::new(NAME, PARAMETERS, args)?;
        let powers = rows.indexes().map(|row| power(&rows, row));
        Ok(ColumnarValue::Array(Arc::new(powers.collect::<Result<Float64Array>>()?)))
    }
}
