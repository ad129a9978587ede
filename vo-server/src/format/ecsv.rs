//! Enhanced CSV (Astropy Proposal for Enhancement 6): CSV after a header in YAML that has types, units and descriptions.

use arrow::array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use serde_json::{Value, json};

use super::text::{Style, Text};
use super::{Ending, Writer};
use crate::columns::{Column, Kind, of_schema};

/// Writes ECSV.
pub(super) struct Ecsv(Text);

impl Default for Ecsv {
    fn default() -> Self {
        Self(Text::new(Style::Ecsv))
    }
}

impl Writer for Ecsv {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        out.extend_from_slice(b"# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n");
        for column in of_schema(schema) {
            // JSON is YAML, and quotes whatever a name may contain.
            out.extend_from_slice(format!("# - {}\n", about(&column)).as_bytes());
        }
        out.extend_from_slice(b"# schema: astropy-2.0\n");
        self.0.begin(schema, out)
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.0.rows(batch, out)
    }

    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        self.0.end(ending, out)
    }
}

fn about(column: &Column) -> Value {
    let item = data_type(column.kind);
    let mut about = json!({ "name": column.name, "datatype": if column.list { "string" } else { item } });
    if column.list {
        about["subtype"] = format!("{item}[null]").into();
    }
    for (key, value) in [("unit", &column.unit), ("description", &column.description)] {
        if !value.is_empty() {
            about[key] = value.as_str().into();
        }
    }
    let meta =
        [("ucd", &column.ucd), ("utype", &column.utype)].into_iter().filter(|(_, text)| !text.is_empty());
    let meta: serde_json::Map<String, Value> =
        meta.map(|(key, text)| (key.to_owned(), text.as_str().into())).collect();
    if !meta.is_empty() {
        about["meta"] = meta.into();
    }
    about
}

fn data_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "bool",
        Kind::UnsignedByte => "uint8",
        Kind::Short => "int16",
        Kind::Int => "int32",
        Kind::Long => "int64",
        Kind::Float => "float32",
        Kind::Double => "float64",
        Kind::Text | Kind::Unicode => "string",
    }
}
