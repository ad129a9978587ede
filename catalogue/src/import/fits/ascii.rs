//! The rows of an ASCII table (FITS Standard 4.0, section 7.2): text of fixed columns, parsed where rows can be named.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::DataType;

use super::super::error::Place;
use super::super::file_error::FileError;
use super::super::frame::Framer;
use super::super::places::Places;
use super::super::sheet::{Column, PIECE_BYTES, PIECE_ROWS, Piece, Values};
use super::column;
use super::header::Header;
use super::{Stream, empty_row, malformed};

/// Where a column is in a row, and what stands for no value.
struct Field {
    characters: Range<usize>,
    data_type: DataType,
    null: Option<String>,
    texts: StringBuilder,
}

/// Reads all rows; the stream stands behind the header.
pub(super) fn read(header: &Header, stream: &mut Stream, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let (width, rows) = (header.number("NAXIS1")?, header.number("NAXIS2")?);
    let count = header.number("TFIELDS")?.min(999) as usize;
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for number in 1..=count {
        let (name, about) = (column::name(header, number), column::about(header, number));
        let field = field(header, number, width as usize)
            .ok_or_else(|| malformed(format!("column `{name}` has a TFORM or TBCOL that cannot be read")))?;
        columns.push(Column { name, about, values: Values::Declared(field.data_type.clone()) });
        fields.push(field);
    }
    framer.begin(columns)?;
    let mut row = empty_row(width)?;
    let (mut before, mut bytes) = (0, 0);
    for number in 1..=rows {
        stream.fill(&mut row)?;
        let text = std::str::from_utf8(&row).map_err(|_| FileError::NotText { place: Place::Row(number) })?;
        fields.iter_mut().for_each(|field| field.push(text));
        bytes += row.len();
        if bytes >= PIECE_BYTES || number - before >= PIECE_ROWS as u64 || number == rows {
            let values = fields.iter_mut().map(|field| Arc::new(field.texts.finish()) as ArrayRef).collect();
            framer.rows(Piece { values, places: Places::After(before) })?;
            (before, bytes) = (number, 0);
        }
    }
    Ok(())
}

/// `Aw`, `Iw`, `Fw.d`, `Ew.d` or `Dw.d`, from character TBCOL on, counted from 1.
fn field(header: &Header, number: usize, row_width: usize) -> Option<Field> {
    let form = header.of_column("TFORM", number)?;
    let begin = header.of_column("TBCOL", number)?.parse::<usize>().ok()?.checked_sub(1)?;
    let data_type = match form.get(..1)? {
        "A" => DataType::Utf8,
        "I" => DataType::Int64,
        "F" | "E" | "D" => DataType::Float64,
        _ => return None,
    };
    let width: usize = form[1..].split('.').next()?.parse().ok()?;
    let end = begin.checked_add(width).filter(|&end| end <= row_width)?;
    let null = header.of_column("TNULL", number).map(|null| null.trim().to_owned());
    Some(Field { characters: begin..end, data_type, null, texts: StringBuilder::new() })
}

impl Field {
    fn push(&mut self, row: &str) {
        let text = row.get(self.characters.clone()).unwrap_or_default().trim();
        // The CDS writes a missing number as dashes, often without saying so in TNULL.
        let dashes = self.data_type != DataType::Utf8 && text.bytes().all(|byte| byte == b'-');
        if self.null.as_deref() == Some(text) || dashes {
            self.texts.append_null();
        } else if self.data_type == DataType::Float64 {
            self.texts.append_value(text.replace(['D', 'd'], "E"));
        } else {
            self.texts.append_value(text);
        }
    }
}
