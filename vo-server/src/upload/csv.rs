//! Text with commas: a line of names, and values whose types are those that all of them fit.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::concat_batches;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

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

/// The rows of a text as those of a table with these columns. The text names its columns in any order, and those that
/// it leaves out have no values.
pub(super) fn read_as(text: &str, delimiter: u8, columns: &SchemaRef) -> Result<RecordBatch, String> {
    let told = |error: ArrowError| format!("it does not fit the table: {error}");
    let format = Format::default().with_header(true).with_delimiter(delimiter);
    let (named, _) = format.infer_schema(Cursor::new(text), Some(0)).map_err(told)?;
    let of_table = |name: &str| columns.fields().iter().find(|field| field.name().eq_ignore_ascii_case(name));
    let field = |name: &String| {
        let field = of_table(name).ok_or_else(|| format!("the table has no column {}", shortened(name)))?;
        Ok(Arc::clone(field))
    };
    let fields =
        named.fields().iter().map(|named| field(named.name())).collect::<Result<Vec<_>, String>>()?;
    let schema = Arc::new(Schema::new(fields));
    let reader = ReaderBuilder::new(Arc::clone(&schema)).with_header(true).with_delimiter(delimiter);
    let batches: Vec<RecordBatch> =
        reader.build(Cursor::new(text)).and_then(Iterator::collect).map_err(told)?;
    let rows = concat_batches(&schema, &batches).map_err(told)?;
    let column = |field: &Arc<Field>| match rows.column_by_name(field.name()) {
        Some(values) => Arc::clone(values),
        None => new_null_array(field.data_type(), rows.num_rows()),
    };
    let values = columns.fields().iter().map(column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(columns), values, &options).map_err(told)
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
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

    #[test]
    fn rows_for_a_table_have_its_types_and_order() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let columns = Arc::new(Schema::new(vec![
            field("code", DataType::Utf8),
            field("mag", DataType::Float32),
            field("n", DataType::Int16),
        ]));
        let rows = read_as("N\tcode\n1\t007\n\tb\n", b'\t', &columns).expect("rows");
        assert_eq!(rows.schema(), columns);
        assert_eq!(rows.column(0).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("007"), Some("b")]);
        assert_eq!((rows.column(1).null_count(), rows.column(2).null_count()), (2, 1));
        assert!(read_as("x\n1\n", b',', &columns).expect_err("no such column").contains("no column x"));
        assert!(read_as("n\nmany\n", b',', &columns).is_err());
    }
}
