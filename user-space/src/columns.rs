//! What columns a user's table may have.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::ipc::convert::try_schema_from_flatbuffer_bytes;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::error::SpaceError;
use crate::limits::SpaceLimits;
use crate::listing::DESCRIPTION;
use crate::name::excerpt;

/// What says, in the metadata of a table's columns, which job has made it: the job then knows its own work again.
pub const MADE_BY: &str = "made_by";
/// Deepest nesting of lists and structs.
const DEEPEST: usize = 8;

/// The columns as they are kept: any value may be missing, since rows may be appended that miss it.
pub(crate) fn kept(schema: &Schema, limits: &SpaceLimits) -> Result<SchemaRef, SpaceError> {
    if schema.fields().is_empty() {
        return Err(refused("a table needs a column at least".to_owned()));
    }
    let leaves: usize = schema.fields().iter().map(|field| leaves(field.data_type(), DEEPEST)).sum();
    if leaves > limits.columns {
        let most = limits.columns;
        return Err(refused(format!(
            "a table has at most {most} columns, and these are {leaves}: leave some out"
        )));
    }
    names(schema, limits)?;
    schema.fields().iter().try_for_each(|field| storable(field))?;
    let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
    let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
    let mut about = schema.metadata().clone();
    // Other writers leave notes to their own readers here.
    about.retain(|key, _| key == DESCRIPTION || key == MADE_BY);
    let kept = Schema::new_with_metadata(fields, about);
    let (bytes, most) = (to_bytes(&kept).len(), limits.columns_bytes);
    match bytes > most {
        true => Err(refused(format!(
            "what is said about the columns has {bytes} bytes, of {most} permitted: say less"
        ))),
        false => Ok(Arc::new(kept)),
    }
}

/// Queries do not care for capitals, so neither do duplicates.
fn names(schema: &Schema, limits: &SpaceLimits) -> Result<(), SpaceError> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let name = field.name();
        if name.is_empty() || name.len() > limits.column_name_bytes || name.chars().any(char::is_control) {
            let (number, most) = (index + 1, limits.column_name_bytes);
            return Err(refused(format!(
                "column {number} has no usable name: names have 1 to {most} bytes and no control characters"
            )));
        }
        if let Some(other) = seen.insert(name.to_lowercase(), index) {
            let (first, second) = (other + 1, index + 1);
            return Err(refused(format!(
                "columns {first} and {second} are both named {}: rename one",
                excerpt(name)
            )));
        }
    }
    Ok(())
}

fn leaves(data_type: &DataType, depth: usize) -> usize {
    match data_type {
        DataType::Struct(fields) if depth > 0 => {
            fields.iter().map(|field| leaves(field.data_type(), depth - 1)).sum()
        }
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _)
            if depth > 0 =>
        {
            leaves(field.data_type(), depth - 1)
        }
        _ => 1,
    }
}

fn storable(field: &Field) -> Result<(), SpaceError> {
    match can_be_stored(field.data_type(), DEEPEST) {
        true => Ok(()),
        false => Err(refused(format!(
            "column {} has the type {}, which cannot be stored: convert it to numbers, texts, times, lists or structs",
            excerpt(field.name()),
            excerpt(&field.data_type().to_string()),
        ))),
    }
}

fn can_be_stored(data_type: &DataType, depth: usize) -> bool {
    let inner = |field: &Field| depth > 0 && can_be_stored(field.data_type(), depth - 1);
    match data_type {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            inner(field)
        }
        DataType::Struct(fields) => !fields.is_empty() && fields.iter().all(|field| inner(field)),
        DataType::Dictionary(_, values) => !values.is_nested() && can_be_stored(values, 0),
        DataType::Interval(_)
        | DataType::Map(..)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => false,
        _ => true,
    }
}

/// The first difference between a table's columns and those of rows that are to be appended.
pub(crate) fn difference(table: &Schema, rows: &Schema) -> Option<String> {
    let (expected, found) = (table.fields().len(), rows.fields().len());
    if expected != found {
        return Some(format!("they have {found} columns, and it has {expected}"));
    }
    let differs =
        |(a, b): &(&Arc<Field>, &Arc<Field>)| a.name() != b.name() || a.data_type() != b.data_type();
    let (a, b) = table.fields().iter().zip(rows.fields()).find(differs)?;
    Some(format!(
        "they have {} ({}) where it has {} ({})",
        excerpt(b.name()),
        excerpt(&b.data_type().to_string()),
        a.name(),
        a.data_type()
    ))
}

fn refused(message: String) -> SpaceError {
    SpaceError::Columns { message }
}

/// Columns as bytes for the database.
pub(crate) fn to_bytes(schema: &Schema) -> Vec<u8> {
    let (mut dictionaries, options) = (DictionaryTracker::new(false), IpcWriteOptions::default());
    let generator = IpcDataGenerator::default();
    generator.schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, &options).ipc_message
}

/// Columns from the database.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<SchemaRef, ArrowError> {
    try_schema_from_flatbuffer_bytes(bytes).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use arrow_schema::{IntervalUnit, TimeUnit};

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let field = |(name, data_type): &(&str, DataType)| Field::new(*name, data_type.clone(), false);
        Schema::new(columns.iter().map(field).collect::<Vec<_>>())
    }

    fn refusal(columns: &[(&str, DataType)]) -> String {
        kept(&schema(columns), &SpaceLimits::default()).expect_err("refused").to_string()
    }

    #[test]
    fn columns_come_back_from_bytes_with_their_units() {
        let parallax = Field::new("parallax", DataType::Float64, true)
            .with_metadata([("unit".to_owned(), "mas".to_owned())].into());
        let time = Field::new("t", DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), true);
        let schema = Schema::new(vec![parallax, time]);
        assert_eq!(from_bytes(&to_bytes(&schema)).expect("a schema").as_ref(), &schema);
    }

    #[test]
    fn any_value_of_a_kept_table_may_be_missing() {
        let kept =
            kept(&schema(&[("ra", DataType::Float64)]), &SpaceLimits::default()).expect("good columns");
        assert!(kept.field(0).is_nullable());
    }

    #[test]
    fn columns_that_no_query_could_tell_apart_are_refused() {
        assert_eq!(
            refusal(&[("ra", DataType::Float64), ("x", DataType::Int8), ("RA", DataType::Int8)]),
            "columns 1 and 3 are both named RA: rename one"
        );
        assert!(refusal(&[("", DataType::Int8)]).starts_with("column 1 has no usable name"));
        assert_eq!(refusal(&[]), "a table needs a column at least");
    }

    #[test]
    fn more_columns_than_the_limit_are_counted_with_their_fields() {
        let fields: Vec<Field> =
            (0..1_500).map(|n| Field::new(format!("f{n}"), DataType::Int8, true)).collect();
        let wide = DataType::Struct(fields.into());
        assert_eq!(
            refusal(&[("a", wide.clone()), ("b", wide)]),
            "a table has at most 2000 columns, and these are 3000: leave some out"
        );
    }

    #[test]
    fn what_is_said_about_columns_has_a_limit_and_other_programs_notes_are_left_out() {
        let note = |bytes: usize| {
            [("description".to_owned(), "a".repeat(bytes)), ("pandas".to_owned(), "{}".to_owned())]
        };
        let said = |bytes: usize| schema(&[("n", DataType::Int8)]).with_metadata(note(bytes).into());
        let short = kept(&said(10), &SpaceLimits::default()).expect("good columns");
        assert_eq!(short.metadata().keys().collect::<Vec<_>>(), ["description"]);
        let long = kept(&said(2 << 20), &SpaceLimits::default()).expect_err("too much");
        assert!(long.to_string().starts_with("what is said about the columns has"), "{long}");
    }

    #[test]
    fn a_type_that_parquet_lacks_is_named() {
        let text = refusal(&[("dt", DataType::Interval(IntervalUnit::DayTime))]);
        assert!(
            text.starts_with("column dt has the type Interval(DayTime), which cannot be stored"),
            "{text}"
        );
    }

    #[test]
    fn the_first_difference_is_told() {
        let table = schema(&[("ra", DataType::Float64), ("dec", DataType::Float64)]);
        assert_eq!(difference(&table, &table), None);
        let text = difference(&table, &schema(&[("ra", DataType::Float64), ("dec", DataType::Utf8)]));
        assert_eq!(text.as_deref(), Some("they have dec (Utf8) where it has dec (Float64)"));
        let text = difference(&table, &schema(&[("ra", DataType::Float64)]));
        assert_eq!(text.as_deref(), Some("they have 1 columns, and it has 2"));
    }
}
