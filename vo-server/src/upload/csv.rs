//! Text with commas: a line of names, and values whose types are those that all of them fit.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow_schema::{ArrowError, SchemaRef};

/// The rows of a text.
pub(super) fn read(text: &str) -> Result<(SchemaRef, RecordBatch), String> {
    let told = |error: ArrowError| format!("it is no text with commas: {error}");
    let format = Format::default().with_header(true);
    let (schema, _) = format.infer_schema(Cursor::new(text), None).map_err(told)?;
    let schema = Arc::new(schema);
    let reader = ReaderBuilder::new(Arc::clone(&schema)).with_header(true).build(Cursor::new(text));
    let batches: Vec<RecordBatch> = reader.and_then(Iterator::collect).map_err(told)?;
    let rows = concat_batches(&schema, &batches).map_err(told)?;
    Ok((schema, rows))
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn types_are_those_that_all_values_fit() {
        let (schema, rows) = read("id,ra,name\n1,56.5,Maia\n2,,Atlas\n").expect("rows");
        let types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
        assert_eq!(types, [DataType::Int64, DataType::Float64, DataType::Utf8]);
        assert_eq!((rows.num_rows(), rows.column(1).null_count()), (2, 1));
    }

    #[test]
    fn a_line_with_too_few_values_is_named() {
        let told = read("a,b\n1,2\n3\n").expect_err("a line is short");
        assert!(told.contains("line 3"), "{told}");
    }
}
