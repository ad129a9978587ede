//! The columns of a file of epoch astrometry, whether a row is a transit or a single CCD.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};

use super::super::super::error::Place;
use super::super::super::file_error::FileError;
use super::NUMBERS;
use super::observations::{MEASURES, Observation};

const TIME: &str = "obs_time_tcb";
const USED: &str = "used_by_agis_al";
const CENTROID: &str = "centroid_pos_al";

/// One column: a value for each CCD of a transit, or one for all of a row.
enum Cell {
    Each(ArrayRef),
    Once(ArrayRef),
    Absent,
}

/// The columns of one batch.
pub(super) struct Cells {
    numbers: [Option<Float64Array>; NUMBERS.len()],
    time: Cell,
    measures: [Cell; MEASURES.len()],
    used: Cell,
}

impl Cells {
    /// Finds the columns. Times and centroids have to be there; times are integers, because nothing else holds them.
    pub fn new(rows: &RecordBatch) -> Result<Self, FileError> {
        let number = |name: &str| {
            let values = cast(rows.column_by_name(name)?, &DataType::Float64).ok()?;
            Some(values.as_primitive::<Float64Type>().clone())
        };
        let mut measures = [const { Cell::Absent }; MEASURES.len()];
        for (cell, name) in measures.iter_mut().zip(MEASURES) {
            *cell = Cell::new(rows, name, &DataType::Float64)?;
        }
        for name in [TIME, CENTROID] {
            rows.column_by_name(name).ok_or(FileError::MissingColumn(name))?;
        }
        Ok(Self {
            numbers: NUMBERS.map(number),
            time: Cell::new(rows, TIME, &DataType::Int64)?,
            measures,
            used: Cell::new(rows, USED, &DataType::Boolean)?,
        })
    }

    /// What the source of a row has once.
    pub fn numbers(&self, row: usize) -> [Option<f64>; NUMBERS.len()] {
        let value = |column: &Option<Float64Array>| {
            column.as_ref().filter(|column| column.is_valid(row)).map(|column| column.value(row))
        };
        self.numbers.each_ref().map(value)
    }

    /// The observations of a row with their times.
    pub fn observations(
        &self,
        row: usize,
        transit_id: i64,
        place: Place,
    ) -> Result<Vec<(i64, Observation)>, FileError> {
        let times = self.time.of(row);
        let times = times.as_ref().map(|times| times.as_primitive::<Int64Type>());
        let times: Vec<Option<i64>> = times.map(|times| times.iter().collect()).unwrap_or_default();
        let mut measures: [Vec<Option<f64>>; MEASURES.len()] = Default::default();
        for ((values, cell), name) in measures.iter_mut().zip(&self.measures).zip(MEASURES) {
            let found = cell.of(row);
            let found = found.as_ref().map(|found| found.as_primitive::<Float64Type>());
            *values = spread(found.into_iter().flatten().collect(), times.len(), name, place)?;
        }
        let used = self.used.of(row);
        let used: Option<&BooleanArray> = used.as_ref().map(|used| used.as_boolean());
        let used = spread(used.into_iter().flatten().collect(), times.len(), USED, place)?;
        let observation = |(slot, time): (usize, Option<i64>)| {
            let measures = measures.each_ref().map(|values| values[slot]);
            let time = time.ok_or(FileError::NoTime { place })?;
            Ok((time, Observation { transit_id, measures, used: used[slot] }))
        };
        times.into_iter().enumerate().map(observation).collect()
    }
}

impl Cell {
    fn new(rows: &RecordBatch, name: &str, item: &DataType) -> Result<Self, FileError> {
        let Some(values) = rows.column_by_name(name) else { return Ok(Self::Absent) };
        let list = DataType::List(Field::new_list_field(item.clone(), true).into());
        let (found, expected) = match values.data_type() {
            DataType::List(field) | DataType::LargeList(field) => (field.data_type(), &list),
            other => (other, item),
        };
        let exact = !item.is_integer() || found.is_integer();
        let values = exact.then(|| cast(values, expected).ok()).flatten().ok_or_else(|| {
            FileError::WrongType { column: name.to_owned(), found: found.clone(), expected: expected.clone() }
        })?;
        Ok(if expected == item { Self::Once(values) } else { Self::Each(values) })
    }

    /// The values of a row, which may be none.
    fn of(&self, row: usize) -> Option<ArrayRef> {
        match self {
            Self::Each(lists) => lists.is_valid(row).then(|| lists.as_list::<i32>().value(row)),
            Self::Once(values) => Some(values.slice(row, 1)),
            Self::Absent => None,
        }
    }
}

/// A value for each of `count` observations: none, one for all, or as many.
fn spread<T: Copy>(
    values: Vec<Option<T>>,
    count: usize,
    column: &'static str,
    place: Place,
) -> Result<Vec<Option<T>>, FileError> {
    match values[..] {
        [] => Ok(vec![None; count]),
        [one] => Ok(vec![one; count]),
        _ if values.len() == count => Ok(values),
        _ => Err(FileError::UnequalArrays { place, column, other: TIME }),
    }
}
