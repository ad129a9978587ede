//! VOTable 1.4 with one table, whose rows are TABLEDATA, BINARY or BINARY2 (section 5).

mod binary;
mod descriptor;
mod head;
#[cfg(test)]
pub(crate) mod tests;

use arrow::array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use base64::Engine;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;

use super::{About, Ending, Writer};
use crate::columns::{Column, Values, columns_of, items_of, of_schema};
use crate::dali::printable;
pub(crate) use descriptor::{Descriptor, Input};

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serialization {
    /// As elements, for people.
    TableData,
    /// As bytes; nulls are particular values.
    Binary,
    /// As bytes, with a mask of the nulls before each row.
    Binary2,
}

/// Writes a VOTable.
pub(crate) struct VoTable {
    serialization: Serialization,
    about: About,
    columns: Vec<Column>,
    /// Bytes of rows that do not make up a group of three yet, which base64 needs.
    left: Vec<u8>,
    row: Vec<u8>,
    base64: Simd,
}

impl VoTable {
    /// A writer of one document.
    pub(crate) fn new(serialization: Serialization, about: About) -> Self {
        let base64 = Simd::standard(PAD);
        Self { serialization, about, columns: Vec::new(), left: Vec::new(), row: Vec::new(), base64 }
    }

    fn element(&self) -> &'static str {
        match self.serialization {
            Serialization::TableData => "TABLEDATA",
            Serialization::Binary => "BINARY",
            Serialization::Binary2 => "BINARY2",
        }
    }

    fn flush(&mut self, all: bool, out: &mut Vec<u8>) {
        let whole = if all { self.left.len() } else { self.left.len() / 3 * 3 };
        let start = out.len();
        let length = whole.div_ceil(3) * 4;
        out.resize(start + length, 0);
        let encoded = self.base64.encode_slice(&self.left[..whole], &mut out[start..]);
        debug_assert_eq!(encoded, Ok(length));
        self.left.drain(..whole);
    }
}

impl Writer for VoTable {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.columns = of_schema(schema);
        head::write(&self.columns, &self.about, self.serialization, out)?;
        let element = self.element();
        out.extend_from_slice(format!("<DATA>\n<{element}>\n").as_bytes());
        if self.serialization != Serialization::TableData {
            out.extend_from_slice(b"<STREAM encoding=\"base64\">\n");
        }
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let columns = columns_of(batch)?;
        match self.serialization {
            Serialization::TableData => {
                for row in 0..batch.num_rows() {
                    table_data(&columns, row, &mut self.row, out);
                }
            }
            Serialization::Binary => binary::rows(&columns, batch.num_rows(), false, &mut self.left),
            Serialization::Binary2 => binary::rows(&columns, batch.num_rows(), true, &mut self.left),
        }
        self.flush(false, out);
        Ok(())
    }

    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        self.flush(true, out);
        let element = self.element();
        if self.serialization != Serialization::TableData {
            out.extend_from_slice(b"\n</STREAM>\n");
        }
        out.extend_from_slice(format!("</{element}>\n</DATA>\n</TABLE>\n").as_bytes());
        head::ending(ending, out);
        out.extend_from_slice(b"</RESOURCE>\n");
        for descriptor in &self.about.descriptors {
            descriptor.write(out)?;
        }
        out.extend_from_slice(b"</VOTABLE>\n");
        Ok(true)
    }

    fn can_tell_failure(&self) -> bool {
        true
    }
}

/// A document that describes columns and has no rows.
pub(super) fn without_rows(columns: &[Column], about: &About) -> Result<String, ArrowError> {
    let mut out = Vec::new();
    head::write(columns, about, Serialization::Binary2, &mut out)?;
    out.extend_from_slice(b"</TABLE>\n</RESOURCE>\n</VOTABLE>\n");
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn table_data(columns: &[Values], row: usize, cell: &mut Vec<u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<TR>");
    for values in columns {
        out.extend_from_slice(b"<TD>");
        match values {
            Values::Text(texts) | Values::Unicode(texts) if !values.is_null(row) => {
                let text = printable(texts.value(row));
                out.extend_from_slice(quick_xml::escape::partial_escape(text.as_str()).as_bytes());
            }
            Values::List { lists, items, .. } if !values.is_null(row) => {
                cell.clear();
                for item in items_of(lists, row) {
                    if !cell.is_empty() {
                        cell.push(b' ');
                    }
                    // A number without a value has no other form within a list (section 6.1).
                    match items.is_null(item) {
                        true => cell.extend_from_slice(b"NaN"),
                        false => items.print(item, cell),
                    }
                }
                out.extend_from_slice(cell);
            }
            other => other.print(row, out),
        }
        out.extend_from_slice(b"</TD>");
    }
    out.extend_from_slice(b"</TR>\n");
}
