//! `box_least_squares(times, fluxes, errors, min_period_d, max_period_d, durations_d)`: eclipses and transits.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::Bounds;
use super::parameters::{self, ERRORS, Kind, Parameter, TIMES};
use super::points::{Rows, series};
use crate::light_curve::box_least_squares::{Dip, search};
use crate::light_curve::frequencies::Periods;

const NAME: &str = "box_least_squares";

const PARAMETERS: &[Parameter] = &[
    TIMES,
    Parameter { name: "fluxes", kind: Kind::Points, description: "Fluxes of the points, in any unit" },
    ERRORS,
    Parameter { name: "min_period_d", kind: Kind::Number, description: "Shortest period, days" },
    Parameter { name: "max_period_d", kind: Kind::Number, description: "Longest period, days" },
    Parameter {
        name: "durations_d",
        kind: Kind::Choices,
        description: "Durations of the dip to try, such as [0.1, 0.2]; days, all shorter than the shortest period",
    },
];

const MIN_PERIOD: usize = 3;
const MAX_PERIOD: usize = 4;
const DURATIONS: usize = 5;

/// Name, unit and value of a field of the struct that comes out.
type Outcome = (&'static str, &'static str, fn(&Dip) -> f64);

const OUTCOMES: [Outcome; 7] = [
    ("period", "d", |dip| dip.period_d),
    ("duration", "d", |dip| dip.duration_d),
    ("transit_time", "d", |dip| dip.time_d),
    ("depth", "", |dip| dip.depth),
    ("depth_error", "", |dip| dip.depth_error),
    ("depth_snr", "", |dip| dip.depth / dip.depth_error),
    ("log_likelihood", "", |dip| dip.log_likelihood),
];

#[derive(Debug)]
pub(super) struct Function {
    signature: Signature,
    documentation: Documentation,
    bounds: Bounds,
}

impl Function {
    pub(super) fn new(bounds: Bounds) -> Self {
        let description = "The most likely box-shaped dip that repeats (Kovacs et al. 2002): period, duration and time \
                           of the middle of the first dip (d), depth and its error (as the fluxes), signal to noise of \
                           the depth, and gain in the logarithm of the likelihood. Null where no flux is lower.";
        let documentation = parameters::documentation(NAME, description, PARAMETERS, 0);
        Self { signature: parameters::signature(PARAMETERS, 0), documentation, bounds }
    }

    fn of_row(&self, rows: &Rows, row: usize) -> Result<Option<Dip>> {
        let Some(lists) = rows.points(row)? else { return Ok(None) };
        let range = rows.number(MIN_PERIOD, row).zip(rows.number(MAX_PERIOD, row));
        let (Some(series), Some((min_d, max_d))) = (series(&lists), range) else { return Ok(None) };
        let durations_d = rows.choices(DURATIONS, row);
        let shortest_d = durations_d.iter().copied().fold(f64::INFINITY, f64::min);
        let longest_d = durations_d.iter().copied().fold(0.0, f64::max);
        if !(shortest_d > 0.0 && longest_d < min_d && min_d < max_d && max_d.is_finite()) {
            return exec_err!(
                "{NAME}: durations must be positive and shorter than the shortest period, and periods must rise"
            );
        }
        let Some(baseline_d) = series.baseline_d().filter(|days| *days > 0.0) else { return Ok(None) };
        let periods = Periods::covering(min_d, max_d, baseline_d, shortest_d);
        self.bounds.check_grid(NAME, periods.count, "periods")?;
        search(series, &periods, &durations_d, &|| rows.go_on())
    }
}

fn fields() -> Fields {
    let number = |&(name, unit, _): &Outcome| {
        let unit = (!unit.is_empty()).then(|| ("unit".to_owned(), unit.to_owned()));
        Field::new(name, DataType::Float64, true).with_metadata(unit.into_iter().collect())
    };
    OUTCOMES.iter().map(number).collect()
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = Rows::new(NAME, PARAMETERS, args)?;
        let dips = rows.indexes().map(|row| self.of_row(&rows, row)).collect::<Result<Vec<_>>>()?;
        let columns = OUTCOMES.iter().map(|(_, _, value)| -> ArrayRef {
            Arc::new(Float64Array::from_iter(dips.iter().map(|dip| dip.as_ref().map(value))))
        });
        let valid = NullBuffer::from_iter(dips.iter().map(Option::is_some));
        let dips = StructArray::try_new(fields(), columns.collect(), Some(valid))?;
        Ok(ColumnarValue::Array(Arc::new(dips)))
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.signature == other.signature
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        NAME.hash(state);
    }
}
