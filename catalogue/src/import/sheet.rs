//! What every reader makes of a file: columns as the file has them, then their values piece by piece, before names,
//! types and positions are agreed.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::DataType;

use super::error::Place;
use super::file_error::FileError;
use super::places::Places;

/// A piece is handed on when its cells take this many bytes as text, so that wide tables have short pieces.
pub(super) const PIECE_BYTES: usize = 8 << 20;
/// A piece has at most this many rows.
pub(super) const PIECE_ROWS: usize = 65_536;

/// One column of a file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The name as the file writes it.
    pub name: String,
    /// What the file says about the column.
    pub about: About,
    /// What its values are.
    pub values: Values,
}

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// Of the type that the file declares. They may arrive as text (`Utf8`), which is parsed.
    Declared(DataType),
    /// Text of which nobody declared anything; this type holds all of it.
    Guessed(DataType),
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

/// Some rows of a file.
pub(super) struct Piece {
    /// The values of every column, all equally long.
    pub values: Vec<ArrayRef>,
    /// Where the rows are in the file.
    pub places: Places,
}

/// Collects the cells of a text table, row by row.
pub(super) struct Cells {
    columns: Vec<StringBuilder>,
    lines: Vec<u64>,
    bytes: usize,
}

impl Cells {
    /// No rows yet, of this many columns.
    pub fn new(columns: usize) -> Self {
        let columns = (0..columns).map(|_| StringBuilder::new()).collect();
        Self { columns, lines: Vec::new(), bytes: 0 }
    }

    /// Takes one row; it must have as many cells as there are columns.
    pub fn push<'a>(&mut self, line: u64, cells: impl Iterator<Item = &'a str>) -> Result<(), FileError> {
        let expected = self.columns.len();
        let mut found = 0;
        for cell in cells {
            if let Some(column) = self.columns.get_mut(found) {
                column.append_value(cell.trim());
                self.bytes += cell.len();
            }
            found += 1;
        }
        if found != expected {
            return Err(FileError::Ragged { place: Place::Line(line), expected, found });
        }
        self.lines.push(line);
        Ok(())
    }

    /// Whether it is time to hand on what there is.
    pub fn is_full(&self) -> bool {
        self.bytes >= PIECE_BYTES || self.lines.len() >= PIECE_ROWS
    }

    /// The rows so far; begins anew.
    pub fn take(&mut self) -> Piece {
        self.bytes = 0;
        let values = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        Piece { values, places: Places::Lines(std::mem::take(&mut self.lines)) }
    }
}
