//! The columns of a file of spectra as numbers and lists of numbers, however the file writes them.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use arrow::record_batch::RecordBatch;

use super::super::super::file_error::FileError;
use crate::columns::Spectra;

/// The columns of a table of spectra in one file.
pub(super) struct Columns {
    position: Option<(Float64Array, Float64Array)>,
    numbers: Vec<Option<Float64Array>>,
    lists: Vec<Cells>,
}

/// The cells of a column of lists.
enum Cells {
    Lists(ListArray),
    /// `(1.0, 2.0)` or `[1.0, 2.0]`, as the archive writes them into CSV.
    Text(ArrayRef),
    /// One sample each.
    Samples(Float64Array),
}

impl Columns {
    /// The columns that `table` has. A file of samples has a sample in a cell where others have a list.
    pub(super) fn new(table: Spectra, batch: &RecordBatch, samples: bool) -> Result<Self, FileError> {
        let number = |field: &Field| {
            let values = batch.column_by_name(field.name());
            values.and_then(|values| cast(values, &DataType::Float64).ok()).map(|v| v.as_primitive().clone())
        };
        let position = |name: &str| number(&Field::new(name, DataType::Float64, true));
        let lists = table.lists();
        let lists = lists.iter().map(|field| Cells::new(batch, field, samples));
        Ok(Self {
            position: position("ra").zip(position("dec")),
            numbers: table.numbers().iter().map(number).collect(),
            lists: lists.collect::<Result<_, _>>()?,
        })
    }

    /// Right ascension and declination in degrees.
    pub(super) fn position(&self, row: usize) -> Option<(f64, f64)> {
        let (ra, dec) = self.position.as_ref()?;
        get(ra, row).zip(get(dec, row))
    }

    /// The numbers of a row.
    pub(super) fn numbers(&self, row: usize) -> Vec<Option<f64>> {
        self.numbers.iter().map(|column| get(column.as_ref()?, row)).collect()
    }

    /// The lists of a row. Fails with what is wrong.
    pub(super) fn lists(&self, row: usize) -> Result<Vec<Option<Vec<Option<f64>>>>, String> {
        self.lists.iter().map(|cells| cells.list(row)).collect()
    }

    /// One sample of every list.
    pub(super) fn samples(&self, row: usize) -> impl Iterator<Item = Option<f64>> {
        self.lists.iter().map(move |cells| match cells {
            Cells::Samples(values) => get(values, row),
            Cells::Lists(_) | Cells::Text(_) => None,
        })
    }
}

impl Cells {
    fn new(batch: &RecordBatch, field: &Field, samples: bool) -> Result<Self, FileError> {
        let name = field.name();
        let values = batch.column_by_name(name);
        let values = values.ok_or_else(|| FileError::Malformed {
            format: "spectrum",
            what: format!("it has no column {name}"),
        })?;
        let wrong = |expected: DataType| FileError::WrongType {
            column: name.clone(),
            found: values.data_type().clone(),
            expected,
        };
        if samples {
            let numbers = cast(values, &DataType::Float64).map_err(|_| wrong(DataType::Float64))?;
            return Ok(Self::Samples(numbers.as_primitive().clone()));
        }
        if values.data_type().is_string() {
            let text = cast(values, &DataType::Utf8).map_err(|_| wrong(DataType::Utf8))?;
            return Ok(Self::Text(text));
        }
        let lists = DataType::List(Field::new_list_field(DataType::Float64, true).into());
        let cast = cast(values, &lists).map_err(|_| wrong(lists))?;
        Ok(Self::Lists(cast.as_list().clone()))
    }

    fn list(&self, row: usize) -> Result<Option<Vec<Option<f64>>>, String> {
        match self {
            Self::Lists(lists) => {
                let list = lists.is_valid(row).then(|| lists.value(row));
                Ok(list.map(|list| list.as_primitive::<Float64Type>().iter().collect()))
            }
            Self::Text(text) => {
                let text = text.as_string::<i32>();
                if text.is_null(row) { Ok(None) } else { parse(text.value(row)) }
            }
            Self::Samples(_) => Err("has samples where lists should be".to_owned()),
        }
    }
}

/// A list between brackets; nothing for no text.
fn parse(text: &str) -> Result<Option<Vec<Option<f64>>>, String> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Ok(None);
    }
    let inside = text.strip_prefix(['(', '[']).and_then(|text| text.strip_suffix([')', ']']));
    let inside =
        inside.ok_or_else(|| format!("'{}' is no list", text.chars().take(40).collect::<String>()))?;
    let number = |cell: &str| match cell {
        "null" => Ok(None),
        cell => cell.parse().map(Some).map_err(|_| format!("'{cell}' is no number")),
    };
    let cells = inside.split([',', ' ', '\n']).filter(|cell| !cell.is_empty());
    cells.map(number).collect::<Result<_, _>>().map(Some)
}

fn get(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_both_brackets() {
        assert_eq!(parse("(1.5, -2E-3, null)"), Ok(Some(vec![Some(1.5), Some(-2e-3), None])));
        assert_eq!(parse("[1 2\n 3]"), Ok(Some(vec![Some(1.0), Some(2.0), Some(3.0)])));
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("(1, x)"), Err("'x' is no number".to_owned()));
        assert_eq!(parse("1, 2"), Err("'1, 2' is no list".to_owned()));
    }
}
