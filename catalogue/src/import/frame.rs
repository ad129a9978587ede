//! From a [`Sheet`] to typed, named and described Arrow columns. Positions are not looked at yet.
//!
//! What the file says about a column counts; `columns` fills in what it leaves open.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Schema};

use super::file_error::FileError;
use super::sheet::{About, Column, Places, Sheet};
use super::{naming, typing};
use crate::{columns, healpix};

/// The columns of a sheet under their names in the table. An index column of others is dropped: it is made anew.
pub(super) fn frame(sheet: &Sheet, rename: &[(String, String)]) -> Result<RecordBatch, FileError> {
    let raw: Vec<&str> = sheet.columns.iter().map(|column| column.name.as_str()).collect();
    let names = naming::names(&raw, rename)?;
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (column, name) in sheet.columns.iter().zip(names).filter(|(_, name)| name != healpix::COLUMN) {
        let values = values(column, &name, &sheet.places)?;
        fields.push(field(&name, &column.about, &values));
        arrays.push(values);
    }
    if arrays.first().is_none_or(|values| values.is_empty()) {
        return Err(FileError::NoRows);
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn values(column: &Column, name: &str, places: &Places) -> Result<ArrayRef, FileError> {
    let declared = column.data_type.clone();
    let exact = typing::is_identifier(name);
    let values = match column.values.as_string_opt::<i32>() {
        Some(cells) => {
            let declared =
                if exact { declared.filter(|declared| *declared != DataType::Utf8) } else { declared };
            let known = || columns::field(name).map(|known| known.data_type().clone());
            let identifier = || exact.then_some(DataType::Int64);
            let data_type =
                declared.or_else(identifier).or_else(known).unwrap_or_else(|| typing::infer(cells));
            typing::parse(name, cells, &data_type, places)?
        }
        None => Arc::clone(&column.values),
    };
    if exact { integers(name, &values) } else { Ok(without_nan(values)) }
}

/// Identifiers as 64-bit integers; other integers widen, floating point is refused.
fn integers(name: &str, values: &ArrayRef) -> Result<ArrayRef, FileError> {
    match values.data_type() {
        DataType::List(_) => Ok(Arc::clone(values)),
        found if found.is_floating() => {
            Err(FileError::FloatId { column: name.to_owned(), found: found.clone() })
        }
        found if found.is_integer() => Ok(cast(values, &DataType::Int64)?),
        found => {
            let expected = DataType::Int64;
            Err(FileError::WrongType { column: name.to_owned(), found: found.clone(), expected })
        }
    }
}

/// NaN is how files without nulls say that there is no value.
fn without_nan(values: ArrayRef) -> ArrayRef {
    fn clean<T: ArrowPrimitiveType>(values: &ArrayRef, is_nan: impl Fn(T::Native) -> bool) -> ArrayRef {
        let values = values.as_primitive::<T>();
        if !values.iter().flatten().any(&is_nan) {
            return Arc::new(values.clone());
        }
        Arc::new(values.iter().map(|value| value.filter(|&v| !is_nan(v))).collect::<PrimitiveArray<T>>())
    }
    match values.data_type() {
        DataType::Float32 => clean::<Float32Type>(&values, f32::is_nan),
        DataType::Float64 => clean::<Float64Type>(&values, f64::is_nan),
        _ => values,
    }
}

fn field(name: &str, about: &About, values: &ArrayRef) -> Field {
    let known = columns::field(name).map(|field| field.metadata().clone()).unwrap_or_default();
    let stated = [("unit", &about.unit), ("ucd", &about.ucd), ("description", &about.description)];
    let mut metadata: HashMap<String, String> = HashMap::new();
    for (key, stated) in stated {
        let stated = stated.as_ref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let stated = stated.filter(|text| !text.is_empty());
        if let Some(text) = stated.or_else(|| known.get(key).cloned()) {
            metadata.insert(key.to_owned(), text);
        }
    }
    Field::new(name, values.data_type().clone(), true).with_metadata(metadata)
}
