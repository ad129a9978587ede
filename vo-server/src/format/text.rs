//! Values between commas or tabs, with a line of names first. An empty cell is a value that does not exist.

use arrow::array::{Array, RecordBatch};
use arrow_schema::{ArrowError, Schema};

use super::{Ending, Writer};
use crate::columns::{Values, columns_of, items_of, of_schema};

/// What stands around a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Brackets {
    /// `[1.0, 2.0]`, as in the archive's query results.
    #[default]
    Square,
    /// `(1.0, 2.0)`, as GaiaXPy reads spectra.
    Round,
}

/// The kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Between commas.
    Csv(Brackets),
    /// Between tabs.
    Tsv(Brackets),
    /// Between commas, with truth values as Python writes them and lists as JSON.
    Ecsv,
}

impl Style {
    fn separator(self) -> u8 {
        if matches!(self, Self::Tsv(_)) { b'\t' } else { b',' }
    }

    fn brackets(self) -> Brackets {
        match self {
            Self::Csv(brackets) | Self::Tsv(brackets) => brackets,
            Self::Ecsv => Brackets::Square,
        }
    }
}

/// Writes text.
pub(super) struct Text {
    style: Style,
    separator: u8,
    cell: Vec<u8>,
}

impl Text {
    /// A writer of one text.
    pub(super) fn new(style: Style) -> Self {
        Self { style, separator: style.separator(), cell: Vec::new() }
    }

    fn put(&mut self, values: &Values, row: usize, out: &mut Vec<u8>) {
        match values {
            Values::List { .. } if values.is_null(row) => {}
            Values::List { lists, items, .. } => {
                self.cell.clear();
                list(items, items_of(lists, row), self.style.brackets(), &mut self.cell);
                quoted(&self.cell, self.separator, out);
            }
            Values::Text(texts) | Values::Unicode(texts) => {
                if !values.is_null(row) {
                    quoted(texts.value(row).as_bytes(), self.separator, out);
                }
            }
            Values::Boolean(values) if self.style == Style::Ecsv => {
                if values.is_valid(row) {
                    out.extend_from_slice(if values.value(row) { b"True" } else { b"False" });
                }
            }
            other => other.print(row, out),
        }
    }
}

fn list(items: &Values, range: std::ops::Range<usize>, brackets: Brackets, out: &mut Vec<u8>) {
    let (open, close) = match brackets {
        Brackets::Square => (b'[', b']'),
        Brackets::Round => (b'(', b')'),
    };
    out.push(open);
    let first = range.start;
    for item in range {
        if item > first {
            out.extend_from_slice(b", ");
        }
        match items.is_null(item) {
            true => out.extend_from_slice(b"null"),
            false => items.print(item, out),
        }
    }
    out.push(close);
}

/// A text, in quotes where it would be read as something else: an empty one would be no value.
fn quoted(text: &[u8], separator: u8, out: &mut Vec<u8>) {
    let special = |&byte: &u8| byte == separator || matches!(byte, b'"' | b'\n' | b'\r');
    let plain = !text.is_empty() && !text.iter().any(special) && text.trim_ascii() == text;
    if plain {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

impl Writer for Text {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        for (index, column) in of_schema(schema).iter().enumerate() {
            if index > 0 {
                out.push(self.separator);
            }
            quoted(column.name.as_bytes(), self.separator, out);
        }
        out.push(b'\n');
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let columns = columns_of(batch)?;
        for row in 0..batch.num_rows() {
            for (index, values) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(self.separator);
                }
                self.put(values, row, out);
            }
            out.push(b'\n');
        }
        Ok(())
    }

    fn end(&mut self, _: &Ending, _: &mut Vec<u8>) -> Result<bool, ArrowError> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::votable::tests::{sample, written};

    #[test]
    fn quotes_nulls_and_lists_are_written_as_spreadsheets_read_them() {
        let text = written(&mut Text::new(Style::Csv(Brackets::Square)), &sample(), &Ending::Complete);
        let expected = "flag,byte,short,int,long,float,double,text,list\n\
                        true,255,-1,2,3,0.1,1e-300,\"a \"\"<&\"\"\",\"[1.5, null]\"\n\
                        ,,,,,,,,\n";
        assert_eq!(String::from_utf8(text).expect("text"), expected);
    }
}
