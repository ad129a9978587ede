//! From the text of a column to values of an Arrow type, and the type of text that nobody declared.
//!
//! Identifiers are exact or refused: a source_id that was a floating-point number once names another star.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, ListArray, PrimitiveArray, StringArray, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
};

use super::file_error::FileError;
use super::places::Places;

/// Integers above this are not exact as floating point.
const EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

/// Whether a column names things by integers that must survive digit by digit.
pub(super) fn is_identifier(column: &str) -> bool {
    column == "transit_id" || column == "solution_id" || column.ends_with("source_id")
}

/// The values of a column of text as `data_type`. Empty, `null`, `nan` and `--` are no value.
pub(super) fn parse(
    column: &str,
    cells: &StringArray,
    data_type: &DataType,
    places: &Places,
) -> Result<ArrayRef, FileError> {
    let parsed = match data_type {
        DataType::Null => Ok(new_null_array(&DataType::Null, cells.len())),
        DataType::Boolean => booleans(cells),
        DataType::Int16 => numbers::<Int16Type>(cells, |text| integer(column, text)),
        DataType::Int32 => numbers::<Int32Type>(cells, |text| integer(column, text)),
        DataType::Int64 => numbers::<Int64Type>(cells, |text| integer(column, text)),
        DataType::Float32 => numbers::<Float32Type>(cells, |text| text.parse().ok()),
        DataType::Float64 => numbers::<Float64Type>(cells, |text| text.parse().ok()),
        DataType::List(item) => return lists(column, cells, item, places),
        _ => Ok(words(cells)),
    };
    parsed.map_err(|row| wrong(column, cells, row, data_type, places))
}

fn wrong(column: &str, cells: &StringArray, row: usize, data_type: &DataType, places: &Places) -> FileError {
    let (place, column, text) = (places.of(row), column.to_owned(), cells.value(row).to_owned());
    if is_identifier(&column) && text.parse::<f64>().is_ok() {
        return FileError::RoundedId { place, column, text };
    }
    FileError::Value { place, column, text, expected: data_type.clone() }
}

/// Whether a cell says that there is no value.
pub(super) fn is_null(text: &str) -> bool {
    text.is_empty() || text == "--" || text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("nan")
}

fn words(cells: &StringArray) -> ArrayRef {
    Arc::new(cells.iter().map(|cell| cell.filter(|text| !is_null(text))).collect::<StringArray>())
}

/// An array, or the row that does not fit into it.
type Parsed = Result<ArrayRef, usize>;

fn numbers<T: ArrowPrimitiveType>(cells: &StringArray, parse: impl Fn(&str) -> Option<T::Native>) -> Parsed {
    let values = each(cells, parse)?;
    Ok(Arc::new(values.into_iter().collect::<PrimitiveArray<T>>()))
}

fn booleans(cells: &StringArray) -> Parsed {
    let values = each(cells, |text| match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(Some(true)),
        "false" | "f" | "0" => Some(Some(false)),
        "?" => Some(None),
        _ => None,
    })?;
    Ok(Arc::new(values.into_iter().map(Option::flatten).collect::<BooleanArray>()))
}

fn each<V>(cells: &StringArray, parse: impl Fn(&str) -> Option<V>) -> Result<Vec<Option<V>>, usize> {
    let cells = cells.iter().enumerate();
    let parsed = cells.map(|(row, cell)| match cell.filter(|text| !is_null(text)) {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or(row),
    });
    parsed.collect()
}

/// An integer; `13.0` is one too, as pandas writes columns with gaps, but not for an identifier.
fn integer<N: TryFrom<i64>>(column: &str, text: &str) -> Option<N> {
    let exact = text.parse::<i64>().ok();
    let whole =
        || text.parse::<f64>().ok().filter(|x| x.fract() == 0.0 && x.abs() < EXACT_FLOAT).map(|x| x as i64);
    let value = if is_identifier(column) { exact } else { exact.or_else(whole) };
    N::try_from(value?).ok()
}

/// Lists in brackets, as ECSV writes them: JSON, but the archive's have `NaN` among numbers and quoted truth values.
fn lists(
    column: &str,
    cells: &StringArray,
    item: &Arc<Field>,
    places: &Places,
) -> Result<ArrayRef, FileError> {
    let split = if item.data_type() == &DataType::Utf8 { strings } else { bare };
    let lists = each(cells, split)
        .map_err(|row| wrong(column, cells, row, &DataType::List(Arc::clone(item)), places))?;
    let lengths: Vec<usize> = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len)).collect();
    let nulls = NullBuffer::from_iter(lists.iter().map(Option::is_some));
    let items: StringArray = lists.into_iter().flatten().flatten().collect();
    let owners = lengths.iter().enumerate().flat_map(|(row, &length)| std::iter::repeat_n(row, length));
    let values = parse(column, &items, item.data_type(), &places.of_rows(owners))?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::new(Arc::clone(item), offsets, values, Some(nulls))))
}

fn strings(list: &str) -> Option<Vec<Option<String>>> {
    serde_json::from_str(list).ok()
}

fn bare(list: &str) -> Option<Vec<Option<String>>> {
    let items = list.strip_prefix('[')?.strip_suffix(']')?.trim();
    let items = items.split(',').filter(|_| !items.is_empty());
    Some(items.map(|item| Some(item.trim().trim_matches('"').to_owned())).collect())
}
