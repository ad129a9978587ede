//! What every reader makes of a file: columns as the file has them, before names, types and positions are agreed.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::DataType;

use super::error::Place;
use super::file_error::FileError;
use super::summary::Remark;

/// One file.
pub(super) struct Sheet {
    /// Columns in the order of the file, all equally long.
    pub columns: Vec<Column>,
    /// Where the rows are in the file.
    pub places: Places,
    /// What a person should know about the file.
    pub remarks: Vec<Remark>,
}

/// One column of a file.
pub(super) struct Column {
    /// The name as the file writes it.
    pub name: String,
    /// What the file says about the column.
    pub about: About,
    /// The type the file states; nothing where the file has text only.
    pub data_type: Option<DataType>,
    /// The values; text (`Utf8`) as written where they are not of `data_type` yet.
    pub values: ArrayRef,
}

/// The description of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// Unit, as the file writes it.
    pub unit: Option<String>,
    /// Unified content descriptor.
    pub ucd: Option<String>,
    /// What it is, in words.
    pub description: Option<String>,
}

/// How to name a row to a person.
pub(super) enum Places {
    /// The line of each row.
    Lines(Vec<u64>),
    /// Rows are counted.
    Rows,
}

impl Places {
    /// The place of the row with this index, from 0.
    pub fn of(&self, row: usize) -> Place {
        match self {
            Self::Lines(lines) => Place::Line(lines.get(row).copied().unwrap_or(0)),
            Self::Rows => Place::Row(row as u64 + 1),
        }
    }

    /// The places of these rows.
    pub fn of_rows(&self, rows: impl Iterator<Item = usize>) -> Self {
        let number = |row| match self.of(row) {
            Place::Line(number) | Place::Row(number) => number,
        };
        Self::Lines(rows.map(number).collect())
    }
}

/// Collects the cells of a text table, row by row.
pub(super) struct Cells {
    columns: Vec<StringBuilder>,
    lines: Vec<u64>,
}

impl Cells {
    /// No rows yet, of this many columns.
    pub fn new(columns: usize) -> Self {
        Self { columns: (0..columns).map(|_| StringBuilder::new()).collect(), lines: Vec::new() }
    }

    /// Takes one row; it must have as many cells as there are columns.
    pub fn push<'a>(&mut self, line: u64, cells: impl Iterator<Item = &'a str>) -> Result<(), FileError> {
        let expected = self.columns.len();
        let mut found = 0;
        for cell in cells {
            if let Some(column) = self.columns.get_mut(found) {
                column.append_value(cell.trim());
            }
            found += 1;
        }
        if found != expected {
            return Err(FileError::Ragged { place: Place::Line(line), expected, found });
        }
        self.lines.push(line);
        Ok(())
    }

    /// The columns as text, and the line of each row.
    pub fn finish(self) -> (Vec<ArrayRef>, Vec<u64>) {
        let columns = self.columns.into_iter().map(|mut c| Arc::new(c.finish()) as ArrayRef).collect();
        (columns, self.lines)
    }
}
