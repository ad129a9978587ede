//! JSON as the Gaia archive writes it and astroquery reads it: what the columns are, then rows as arrays.
//! JSON has no infinities and no NaN; they become null.

use arrow::array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use serde_json::json;

use super::{Ending, Writer};
use crate::columns::{Column, Values, columns_of, items_of, of_schema};

/// Writes JSON.
#[derive(Default)]
pub(super) struct Json {
    any_row: bool,
}

impl Writer for Json {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let metadata: Vec<_> = of_schema(schema).iter().map(about).collect();
        out.extend_from_slice(b"{\"metadata\":");
        out.extend_from_slice(serde_json::Value::from(metadata).to_string().as_bytes());
        out.extend_from_slice(b",\n\"data\":[");
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let columns = columns_of(batch)?;
        for row in 0..batch.num_rows() {
            out.extend_from_slice(if self.any_row { b",\n[" } else { b"\n[" });
            self.any_row = true;
            for (index, values) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                put(values, row, out);
            }
            out.push(b']');
        }
        Ok(())
    }

    fn end(&mut self, _: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        out.extend_from_slice(b"\n]}\n");
        Ok(true)
    }
}

fn about(column: &Column) -> serde_json::Value {
    // astroquery wants a unit and a description of every column.
    let mut about = json!({
        "name": column.name,
        "datatype": column.kind.votable(),
        "unit": Some(&column.unit).filter(|unit| !unit.is_empty()),
        "description": column.description,
    });
    let optional = [
        ("arraysize", &column.arraysize().unwrap_or_default()),
        ("ucd", &column.ucd),
        ("utype", &column.utype),
    ];
    for (key, value) in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
        about[key] = value.as_str().into();
    }
    about
}

fn put(values: &Values, row: usize, out: &mut Vec<u8>) {
    let finite = match values {
        Values::Float(values) => values.value(row).is_finite(),
        Values::Double(values) => values.value(row).is_finite(),
        _ => true,
    };
    if values.is_null(row) || !finite {
        out.extend_from_slice(b"null");
        return;
    }
    match values {
        Values::Text(texts) | Values::Unicode(texts) => {
            let text = serde_json::Value::from(texts.value(row));
            out.extend_from_slice(text.to_string().as_bytes());
        }
        Values::List { lists, items, .. } => {
            out.push(b'[');
            let range = items_of(lists, row);
            let first = range.start;
            for item in range {
                if item > first {
                    out.push(b',');
                }
                put(items, item, out);
            }
            out.push(b']');
        }
        other => other.print(row, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::votable::tests::{sample, written};

    #[test]
    fn rows_and_columns_are_valid_json_with_nulls() {
        let text = written(&mut Json::default(), &sample(), &Ending::Complete);
        let value: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let first = json!([true, 255, -1, 2, 3, 0.1, 1e-300, "a \"<&\"", [1.5, null]]);
        assert_eq!(value["data"], json!([first, vec![None::<i32>; 9]]));
        let double = json!({
            "name": "double", "datatype": "double", "unit": "mas", "ucd": "pos.parallax", "description": "",
        });
        assert_eq!(value["metadata"][6], double);
    }
}
