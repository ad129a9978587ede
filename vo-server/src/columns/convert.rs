//! From the arrays of a batch to [`Values`], in the order of [`super::of_schema`].

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder, StructArray, make_array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field};

use super::{Kind, Values, items, shape};

/// The values of every column of a batch.
pub(crate) fn columns_of(batch: &RecordBatch) -> Result<Vec<Values>, ArrowError> {
    let mut values = Vec::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        flatten(field, array, &mut values)?;
    }
    Ok(values)
}

fn flatten(field: &Field, array: &ArrayRef, values: &mut Vec<Values>) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Struct(fields) => {
            for (field, array) in fields.iter().zip(fields_of(array.as_struct())?) {
                flatten(field, &array, values)?;
            }
        }
        _ => values.push(converted(field, array)?),
    }
    Ok(())
}

/// The fields of a struct, null where the struct is.
fn fields_of(array: &StructArray) -> Result<Vec<ArrayRef>, ArrowError> {
    let Some(outer) = array.nulls() else { return Ok(array.columns().to_vec()) };
    let hidden = |field: &ArrayRef| {
        let nulls = NullBuffer::union(Some(outer), field.nulls());
        Ok(make_array(field.to_data().into_builder().nulls(nulls).build()?))
    };
    array.columns().iter().map(hidden).collect()
}

fn converted(field: &Field, array: &ArrayRef) -> Result<Values, ArrowError> {
    let (kind, list) = shape(field);
    if list {
        let each = items(array.data_type());
        let item = Arc::new(Field::new_list_field(kind.arrow(), true));
        let array = cast(array, &DataType::List(item))?;
        let lists = array.as_list::<i32>().clone();
        let items = Box::new(Values::new(kind, lists.values()));
        return Ok(Values::List { lists, items, each });
    }
    let array = match (kind, array.data_type()) {
        (Kind::Text | Kind::Unicode, DataType::Utf8) => Arc::clone(array),
        (Kind::Text | Kind::Unicode, DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)) => {
            cast(array, &DataType::Utf8)?
        }
        (Kind::Text | Kind::Unicode, _) => formatted(array)?,
        _ => cast(array, &kind.arrow())?,
    };
    Ok(Values::new(kind, &array))
}

/// What has no type in VO formats, as text: times as ISO 8601, nested values with brackets.
fn formatted(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f";
    let options = FormatOptions::new().with_timestamp_format(Some(TIME)).with_timestamp_tz_format(Some(TIME));
    let formatter = ArrayFormatter::try_new(array, &options)?;
    let mut texts = StringBuilder::new();
    for row in 0..array.len() {
        texts.append_option(array.is_valid(row).then(|| formatter.value(row).to_string()));
    }
    Ok(Arc::new(texts.finish()))
}
