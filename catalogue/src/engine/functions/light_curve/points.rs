//! The arguments of one call, row by row: the points of a light curve that can be used, and the numbers besides.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ScalarFunctionArgs;

use super::parameters::{self, Kind, Parameter};
use crate::engine::stop::Stop;
use crate::light_curve::Series;

/// The arguments of a call.
pub(super) struct Rows {
    function: &'static str,
    parameters: &'static [Parameter],
    columns: Vec<ArrayRef>,
    count: usize,
    stop: Option<Stop>,
}

/// The lists of one light curve, equally long, without the points that cannot be used.
pub(super) type Lists = Vec<Vec<f64>>;

impl Rows {
    /// The arguments of a call of `function`.
    pub(super) fn new(
        function: &'static str,
        parameters: &'static [Parameter],
        args: ScalarFunctionArgs,
    ) -> Result<Self> {
        let (count, stop) = (args.number_rows, Stop::of(&args.config_options).cloned());
        Ok(Self { function, parameters, columns: parameters::arrays(args, parameters)?, count, stop })
    }

    /// An error when the query has to end.
    pub(super) fn go_on(&self) -> Result<()> {
        self.stop.as_ref().map_or(Ok(()), Stop::check)
    }

    /// The rows, by index.
    pub(super) fn indexes(&self) -> std::ops::Range<usize> {
        0..self.count
    }

    /// The points of a row; `None` when a list other than the errors is null.
    pub(super) fn points(&self, row: usize) -> Result<Option<Lists>> {
        let mut lists = Vec::new();
        for (parameter, column) in self.parameters.iter().zip(&self.columns) {
            let column = column.as_list_opt::<i32>();
            let values = column.filter(|column| column.is_valid(row)).map(|column| column.value(row));
            match (parameter.kind, values) {
                (Kind::Points | Kind::Errors, Some(values)) => lists.push((parameter.kind, Some(values))),
                (Kind::Errors, None) => lists.push((Kind::Errors, None)),
                (Kind::Points, None) => return Ok(None),
                (Kind::Choices | Kind::Number | Kind::Word, _) => break,
            }
        }
        self.usable(&lists).map(Some)
    }

    fn usable(&self, lists: &[(Kind, Option<ArrayRef>)]) -> Result<Lists> {
        let lists: Vec<(Kind, Option<&Float64Array>)> =
            lists.iter().map(|(kind, list)| (*kind, list.as_ref().map(|list| list.as_primitive()))).collect();
        let mut lengths = lists.iter().filter_map(|(_, list)| Some(list.as_ref()?.len()));
        let length = lengths.next().unwrap_or(0);
        if let Some(other) = lengths.find(|other| *other != length) {
            return exec_err!(
                "{}: the lists of one light curve must be equally long, not {length} and {other}",
                self.function
            );
        }
        let good: Vec<usize> =
            (0..length).filter(|&at| lists.iter().all(|(kind, list)| is_good(*kind, *list, at))).collect();
        let pick = |list: Option<&Float64Array>| match list {
            Some(list) => good.iter().map(|&at| list.value(at)).collect(),
            None => vec![1.0; good.len()],
        };
        Ok(lists.into_iter().map(|(_, list)| pick(list)).collect())
    }

    /// The number in this place among the parameters; `None` when it is null or was left out.
    pub(super) fn number(&self, place: usize, row: usize) -> Option<f64> {
        let column = self.columns.get(place)?.as_primitive_opt::<Float64Type>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    /// The word in this place among the parameters; `None` when it is null or was left out.
    pub(super) fn word(&self, place: usize, row: usize) -> Option<&str> {
        let column = self.columns.get(place)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    /// The numbers of a list in this place among the parameters, without nulls.
    pub(super) fn choices(&self, place: usize, row: usize) -> Vec<f64> {
        let column = self.columns.get(place).and_then(|column| column.as_list_opt::<i32>());
        let values = column.filter(|column| column.is_valid(row)).map(|column| column.value(row));
        values.map_or_else(Vec::new, |values| values.as_primitive::<Float64Type>().iter().flatten().collect())
    }
}

/// An error that is not positive says nothing about its value.
fn is_good(kind: Kind, list: Option<&Float64Array>, at: usize) -> bool {
    list.is_none_or(|list| {
        let value = list.value(at);
        list.is_valid(at) && value.is_finite() && (kind != Kind::Errors || value > 0.0)
    })
}

/// The three lists of a light curve as one series.
pub(super) fn series(lists: &[Vec<f64>]) -> Option<Series<'_>> {
    match lists {
        [times, values, errors] => Some(Series { times, values, errors }),
        _ => None,
    }
}
