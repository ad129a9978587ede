//! A function that makes one number of a light curve.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::parameters::{self, Kind, Parameter};
use super::points::Rows;

/// A number that a light curve has.
#[derive(Debug)]
pub(super) struct Statistic {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// From the lists of points and the numbers after them; nothing if there are too few points.
    pub(super) compute: fn(&[Vec<f64>], &[f64]) -> Option<f64>,
}

#[derive(Debug)]
pub(super) struct Function {
    statistic: &'static Statistic,
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(super) fn new(statistic: &'static Statistic) -> Self {
        let Statistic { name, description, parameters, compute: _ } = statistic;
        let signature = parameters::signature(parameters, 0);
        Self {
            statistic,
            signature,
            documentation: parameters::documentation(name, description, parameters, 0),
        }
    }

    fn of_row(&self, rows: &Rows, row: usize) -> Result<Option<f64>> {
        let Some(lists) = rows.points(row)? else { return Ok(None) };
        let places = self.statistic.parameters.iter().enumerate();
        let numbers = places.filter(|(_, parameter)| parameter.kind == Kind::Number);
        let numbers: Option<Vec<f64>> = numbers.map(|(place, _)| rows.number(place, row)).collect();
        Ok(numbers.and_then(|numbers| (self.statistic.compute)(&lists, &numbers)))
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.statistic.name
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
        let rows = Rows::new(self.statistic.name, self.statistic.parameters, args)?;
        let numbers = rows.indexes().map(|row| self.of_row(&rows, row));
        Ok(ColumnarValue::Array(Arc::new(numbers.collect::<Result<Float64Array>>()?)))
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.statistic.name == other.statistic.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.statistic.name.hash(state);
    }
}
