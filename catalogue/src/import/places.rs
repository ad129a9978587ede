//! How rows are named to a person: by their line, or by their number in the file.
//!
//! Rows that go through a pipe or wait on disk carry their places along as one more column.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::error::ArrowError;

use super::error::Place;

/// The column of lines,
const LINE: &str = "_line";
/// or of numbers of rows, from 1.
const ROW: &str = "_row";

/// The places of some rows of one file.
#[derive(Clone, Debug)]
pub(super) enum Places {
    /// The line of each row.
    Lines(Vec<u64>),
    /// The number of each row, from 1.
    Rows(Vec<u64>),
    /// So many rows came before the first one.
    After(u64),
}

impl Places {
    /// The place of the row with this index, from 0.
    pub fn of(&self, row: usize) -> Place {
        match self {
            Self::Lines(lines) => Place::Line(lines.get(row).copied().unwrap_or(0)),
            Self::Rows(rows) => Place::Row(rows.get(row).copied().unwrap_or(0)),
            Self::After(before) => Place::Row(before + row as u64 + 1),
        }
    }

    /// The places of these rows.
    pub fn of_rows(&self, rows: impl Iterator<Item = usize>) -> Self {
        let numbers = rows.map(|row| match self.of(row) {
            Place::Line(number) | Place::Row(number) => number,
        });
        match self {
            Self::Lines(_) => Self::Lines(numbers.collect()),
            Self::Rows(_) | Self::After(_) => Self::Rows(numbers.collect()),
        }
    }

    /// Adds the column of places to the rows.
    pub fn attach(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let (name, numbers) = match self.of_rows(0..rows.num_rows()) {
            Self::Lines(numbers) => (LINE, numbers),
            Self::Rows(numbers) => (ROW, numbers),
            Self::After(_) => unreachable!("`of_rows` counts"),
        };
        let numbers: Int64Array = numbers.into_iter().map(|number| number as i64).collect();
        let mut fields = rows.schema().fields().to_vec();
        fields.push(Arc::new(Field::new(name, DataType::Int64, false)));
        let mut columns = rows.columns().to_vec();
        columns.push(Arc::new(numbers) as ArrayRef);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }

    /// Takes the column of places off again; nothing where it is not there.
    pub fn detach(mut rows: RecordBatch) -> Option<(RecordBatch, Self)> {
        let last = rows.num_columns().checked_sub(1)?;
        let name = rows.schema().field(last).name().clone();
        let numbers = rows.remove_column(last);
        let numbers = numbers.as_primitive_opt::<Int64Type>()?.values();
        let numbers = numbers.iter().map(|&number| number as u64).collect();
        match name.as_str() {
            LINE => Some((rows, Self::Lines(numbers))),
            ROW => Some((rows, Self::Rows(numbers))),
            _ => None,
        }
    }
}
