//! `lomb_scargle(times, values, errors, min_frequency, max_frequency)`: the best period, and `lomb_scargle_peaks`: the
//! best few.

mod peak;
pub(super) mod power;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ListArray;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::Bounds;
use super::parameters::{self, ERRORS, Kind, Parameter, TIMES, VALUES};
use super::points::{Rows, series};
use crate::light_curve::false_alarm;
use crate::light_curve::frequencies::Frequencies;
use crate::light_curve::lomb_scargle::{LombScargle, MOST_HARMONICS};
use peak::Found;

const HARMONICS: Parameter = Parameter {
    name: "harmonics",
    kind: Kind::Number,
    description: "Sine waves that are fitted, 1 to 5: with 1 (the default) there is a false-alarm probability",
};

const MIN_FREQUENCY: Parameter =
    Parameter { name: "min_frequency", kind: Kind::Number, description: "Lowest frequency, cycles per day" };

const MAX_FREQUENCY: Parameter =
    Parameter { name: "max_frequency", kind: Kind::Number, description: "Highest frequency, cycles per day" };

const PEAKS: Parameter =
    Parameter { name: "peaks", kind: Kind::Number, description: "How many, at most 100" };

const OF_BEST: &[Parameter] = &[TIMES, VALUES, ERRORS, MIN_FREQUENCY, MAX_FREQUENCY, HARMONICS];
const OF_PEAKS: &[Parameter] = &[TIMES, VALUES, ERRORS, MIN_FREQUENCY, MAX_FREQUENCY, PEAKS, HARMONICS];

/// Peaks of one light curve that can be asked for.
const MOST_PEAKS: usize = 100;

#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    parameters: &'static [Parameter],
    signature: Signature,
    documentation: Documentation,
    bounds: Bounds,
}

impl Function {
    pub(super) fn best(bounds: Bounds) -> Self {
        let description = "The highest peak of the Lomb-Scargle periodogram with a floating mean (Zechmeister & \
                           Kuerster 2009): frequency (1/d), period (d), power (0 to 1), and the probability that noise \
                           has such a peak at any frequency up to max_frequency (Baluev 2008).";
        Self::new("lomb_scargle", description, OF_BEST, bounds)
    }

    pub(super) fn peaks(bounds: Bounds) -> Self {
        let description = "The highest peaks of the Lomb-Scargle periodogram, the highest first, each as \
                           lomb_scargle gives it.";
        Self::new("lomb_scargle_peaks", description, OF_PEAKS, bounds)
    }

    fn new(name: &'static str, description: &str, parameters: &'static [Parameter], bounds: Bounds) -> Self {
        let signature = parameters::signature(parameters, 1);
        let documentation = parameters::documentation(name, description, parameters, 1);
        Self { name, parameters, signature, documentation, bounds }
    }

    fn place(&self, parameter: &Parameter) -> usize {
        self.parameters.iter().position(|one| one == parameter).unwrap_or(usize::MAX)
    }

    /// `None` for a row without a light curve or without enough points.
    fn of_row(&self, rows: &Rows, row: usize) -> Result<Option<Vec<Found>>> {
        let Some(lists) = rows.points(row)? else { return Ok(None) };
        let harmonics = harmonics(self.name, rows.number(self.place(&HARMONICS), row))?;
        let most = rows.number(self.place(&PEAKS), row).unwrap_or(1.0);
        if !(1.0..=MOST_PEAKS as f64).contains(&most) {
            return exec_err!("{}: peaks must be from 1 to {MOST_PEAKS}, not {most}", self.name);
        }
        let range =
            rows.number(self.place(&MIN_FREQUENCY), row).zip(rows.number(self.place(&MAX_FREQUENCY), row));
        let (Some(series), Some((min, max))) = (series(&lists), range) else { return Ok(None) };
        if !(min >= 0.0 && max > min && max.is_finite()) {
            return exec_err!(
                "{}: the frequencies must rise from at least 0, not from {min} to {max}",
                self.name
            );
        }
        let prepared =
            LombScargle::new(series, harmonics).zip(series.baseline_d().filter(|days| *days > 0.0));
        let Some((periodogram, baseline_d)) = prepared else { return Ok(None) };
        let grid = Frequencies::covering(min, max, baseline_d, harmonics);
        self.bounds.check_grid(self.name, grid.count, "frequencies")?;
        let peaks = periodogram.peaks(&grid, most as usize, &|| rows.go_on())?;
        let found = peaks.into_iter().map(|peak| Found {
            peak,
            false_alarm: (harmonics == 1)
                .then(|| false_alarm::probability(peak.power, series, max))
                .flatten(),
        });
        Ok(Some(found.collect()))
    }

    fn one_each(&self, rows: &Rows) -> Result<ColumnarValue> {
        let best =
            rows.indexes().map(|row| Ok(self.of_row(rows, row)?.and_then(|found| found.first().copied())));
        let best = best.collect::<Result<Vec<_>>>()?;
        Ok(ColumnarValue::Array(Arc::new(peak::array(&best)?)))
    }

    fn lists(&self, rows: &Rows) -> Result<ColumnarValue> {
        let found = rows.indexes().map(|row| self.of_row(rows, row)).collect::<Result<Vec<_>>>()?;
        let valid: Vec<bool> = found.iter().map(Option::is_some).collect();
        let lengths = found.iter().map(|row| row.as_ref().map_or(0, Vec::len));
        let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
        let all: Vec<Option<Found>> = found.into_iter().flatten().flatten().map(Some).collect();
        let field = Arc::new(Field::new_list_field(peak::struct_type(), true));
        let peaks = Arc::new(peak::array(&all)?);
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            field,
            offsets,
            peaks,
            Some(NullBuffer::from(valid)),
        )?)))
    }

    fn gives_lists(&self) -> bool {
        self.parameters.contains(&PEAKS)
    }
}

/// How many harmonics to fit, of what a call says.
fn harmonics(function: &str, asked: Option<f64>) -> Result<usize> {
    let asked = asked.unwrap_or(1.0);
    if asked.fract() == 0.0 && (1.0..=MOST_HARMONICS as f64).contains(&asked) {
        return Ok(asked as usize);
    }
    exec_err!("{function}: harmonics must be a whole number from 1 to {MOST_HARMONICS}, not {asked}")
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.gives_lists() {
            true => DataType::List(Field::new_list_field(peak::struct_type(), true).into()),
            false => peak::struct_type(),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = Rows::new(self.name, self.parameters, args)?;
        if self.gives_lists() { self.lists(&rows) } else { self.one_each(&rows) }
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
