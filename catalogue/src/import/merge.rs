//! Several files as one table: the same columns in the order of the first file, with the wider type of each.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::error::ImportError;

/// The columns of one file that has been read.
pub(super) struct Part {
    pub file: PathBuf,
    pub schema: SchemaRef,
}

/// The columns of all parts. There is at least one part.
pub(super) fn merge(parts: &[Part]) -> Result<SchemaRef, ImportError> {
    let (first, others) = parts.split_first().expect("a request without files is refused before");
    let mut fields: Vec<Field> = first.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    for other in others {
        widen(&mut fields, first, other)?;
    }
    Ok(Arc::new(Schema::new(fields.into_iter().map(settled).collect::<Vec<_>>())))
}

/// Widens the types of `fields` so that they hold the other file, too.
fn widen(fields: &mut [Field], first: &Part, other: &Part) -> Result<(), ImportError> {
    let mismatch = |column: &str, how: String| ImportError::Mismatch {
        first: first.file.clone(),
        second: other.file.clone(),
        column: column.to_owned(),
        how,
    };
    let schema = &other.schema;
    let mut theirs: HashMap<&str, &Field> =
        schema.fields().iter().map(|field| (field.name().as_str(), field.as_ref())).collect();
    for field in fields {
        let their = theirs.remove(field.name().as_str());
        let their = their.ok_or_else(|| mismatch(field.name(), "is only in the first".to_owned()))?;
        let both = common(field.data_type(), their.data_type());
        let how = || format!("is {} in the first and {} in the second", field.data_type(), their.data_type());
        let both = both.ok_or_else(|| mismatch(field.name(), how()))?;
        *field = field.clone().with_data_type(both).with_nullable(field.is_nullable() || their.is_nullable());
    }
    match schema.fields().iter().find(|field| theirs.contains_key(field.name().as_str())) {
        Some(extra) => Err(mismatch(extra.name(), "is only in the second".to_owned())),
        None => Ok(()),
    }
}

/// The type that holds values of both without losing any, if there is one.
fn common(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Float32, Float64, Int16, Int32, Int64, Null};
    match (a, b) {
        _ if a == b => Some(a.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (Int16, Int32) | (Int32, Int16) => Some(Int32),
        (Int16 | Int32, Int64) | (Int64, Int16 | Int32) => Some(Int64),
        (Float32, Float64) | (Float64, Float32) => Some(Float64),
        (Int16, Float32) | (Float32, Int16) => Some(Float32),
        (Int16 | Int32 | Int64, Float64) | (Float64, Int16 | Int32 | Int64) => Some(Float64),
        (Int32 | Int64, Float32) | (Float32, Int32 | Int64) => Some(Float64),
        _ => None,
    }
}

/// A column in which nobody ever had a value is a column of numbers without values.
fn settled(field: Field) -> Field {
    match field.data_type() {
        DataType::Null => field.with_data_type(DataType::Float64),
        _ => field,
    }
}

/// Rows of one part with the columns of all.
pub(super) fn conform(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| {
        let values = batch.column_by_name(field.name()).expect("`widen` saw this column in every part");
        cast(values, field.data_type())
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<ArrayRef>, _>>()?)
}
