//! An index as two tables: one row for each file, one row for each page.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, UInt8Array, UInt32Array, UInt64Array,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{ArrowPrimitiveType, UInt8Type, UInt32Type, UInt64Type};
use arrow_schema::{ArrowError, Field, Schema};

use super::zones::Scale;
use super::{Entry, Index, Zones};

/// Another version is not read, but made anew.
const VERSION: &str = "1";

const VERSION_KEY: &str = "nearside.index";
const COLUMN_BYTES: &str = "column_bytes";
const HEALPIX: &str = "healpix";
const SOURCE_ID: &str = "source_id";

pub(super) fn files(index: &Index) -> Result<RecordBatch, ArrowError> {
    let files = &index.files;
    let splits = ListArray::from_iter_primitive::<UInt32Type, _, _>(
        files.iter().map(|file| Some(file.splits.iter().map(|&row| Some(row)).collect::<Vec<_>>())),
    );
    let columns: [(&str, ArrayRef); 9] = [
        ("order", Arc::new(UInt8Array::from_iter_values(files.iter().map(|file| file.order)))),
        ("npix", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.npix)))),
        ("location", Arc::new(StringArray::from_iter_values(files.iter().map(|file| &file.location)))),
        ("bytes", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.bytes)))),
        ("rows", Arc::new(UInt32Array::from_iter_values(files.iter().map(|file| file.rows)))),
        ("splits", Arc::new(splits)),
        ("tail_bytes", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.tail_bytes)))),
        ("mark", Arc::new(UInt64Array::from_iter_values(files.iter().map(|file| file.mark)))),
        ("first_page", Arc::new(UInt32Array::from_iter_values(files.iter().map(|file| file.first_page)))),
    ];
    let column_bytes: Vec<String> = index.column_bytes.iter().map(u64::to_string).collect();
    let notes = [(VERSION_KEY, VERSION.to_owned()), (COLUMN_BYTES, column_bytes.join(" "))];
    batch(columns, notes)
}

pub(super) fn pages(index: &Index) -> Result<RecordBatch, ArrowError> {
    let mut columns = vec![("first_row".to_owned(), steps(&index.first_rows))];
    let mut notes = Vec::new();
    for (name, zones) in [(HEALPIX, &index.healpix), (SOURCE_ID, &index.source_id)] {
        let Some(Zones { scale, min, max }) = zones else { continue };
        columns.push((format!("{name}_min"), steps(min)));
        columns.extend(max.as_ref().map(|max| (format!("{name}_max"), steps(max))));
        notes.push((name, format!("{} {}", scale.least, scale.largest)));
    }
    batch(columns, notes)
}

fn steps(values: &ScalarBuffer<u32>) -> ArrayRef {
    Arc::new(UInt32Array::new(values.clone(), None))
}

fn batch<N: Into<String>>(
    columns: impl IntoIterator<Item = (N, ArrayRef)>,
    notes: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<RecordBatch, ArrowError> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    let notes: HashMap<String, String> =
        notes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, notes)), arrays)
}

/// The index that [`files`] and [`pages`] describe.
pub(super) fn read(files: &RecordBatch, pages: &RecordBatch) -> Result<Index, ArrowError> {
    if files.schema_ref().metadata().get(VERSION_KEY).map(String::as_str) != Some(VERSION) {
        return Err(broken("it is of another version"));
    }
    let column_bytes = note(files, COLUMN_BYTES).unwrap_or_default();
    let column_bytes = column_bytes.split_whitespace().map(number).collect::<Result<_, _>>()?;
    let (healpix, source_id) = (zones(pages, HEALPIX)?, zones(pages, SOURCE_ID)?);
    let first_rows: ScalarBuffer<u32> = values::<UInt32Type>(pages, "first_row")?;
    let entries = entries(files)?;
    let ascending = entries.windows(2).all(|pair| pair[0].first_page <= pair[1].first_page);
    if !ascending || entries.iter().any(|entry| entry.first_page as usize > first_rows.len()) {
        return Err(broken("its files and pages do not fit together"));
    }
    Ok(Index::new(entries, column_bytes, first_rows, healpix, source_id))
}

fn entries(files: &RecordBatch) -> Result<Vec<Entry>, ArrowError> {
    let (order, npix) = (values::<UInt8Type>(files, "order")?, values::<UInt64Type>(files, "npix")?);
    let (bytes, rows) = (values::<UInt64Type>(files, "bytes")?, values::<UInt32Type>(files, "rows")?);
    let tail_bytes = values::<UInt64Type>(files, "tail_bytes")?;
    let mark = values::<UInt64Type>(files, "mark")?;
    let first_page = values::<UInt32Type>(files, "first_page")?;
    let location = column(files, "location")?.as_string_opt::<i32>().ok_or_else(|| wrong("location"))?;
    let splits = column(files, "splits")?.as_list_opt::<i32>().ok_or_else(|| wrong("splits"))?;
    let entry = |file: usize| {
        let splits = splits.value(file);
        let splits = splits.as_primitive_opt::<UInt32Type>().ok_or_else(|| wrong("splits"))?;
        Ok(Entry {
            order: order[file],
            npix: npix[file],
            location: location.value(file).into(),
            bytes: bytes[file],
            rows: rows[file],
            splits: splits.values().iter().copied().collect(),
            tail_bytes: tail_bytes[file],
            mark: mark[file],
            first_page: first_page[file],
        })
    };
    (0..files.num_rows()).map(entry).collect()
}

fn zones(pages: &RecordBatch, name: &str) -> Result<Option<Zones>, ArrowError> {
    let Some(scale) = note(pages, name) else { return Ok(None) };
    let (least, largest) = scale.split_once(' ').ok_or_else(|| wrong(name))?;
    let scale = Scale { least: number(least)?, largest: number(largest)? };
    let (min, max) = (format!("{name}_min"), format!("{name}_max"));
    let max = pages.column_by_name(&max).is_some().then(|| values::<UInt32Type>(pages, &max)).transpose()?;
    Ok(Some(Zones { scale, min: values::<UInt32Type>(pages, &min)?, max }))
}

fn note<'a>(batch: &'a RecordBatch, key: &str) -> Option<&'a str> {
    batch.schema_ref().metadata().get(key).map(String::as_str)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, ArrowError> {
    text.parse().map_err(|_| broken(&format!("{text:?} is no number")))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch.column_by_name(name).ok_or_else(|| wrong(name))
}

fn values<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
) -> Result<ScalarBuffer<T::Native>, ArrowError> {
    let column = column(batch, name)?.as_primitive_opt::<T>().ok_or_else(|| wrong(name))?;
    Ok(column.values().clone())
}

fn wrong(column: &str) -> ArrowError {
    broken(&format!("its column {column} is missing or of another type"))
}

fn broken(problem: &str) -> ArrowError {
    ArrowError::ParseError(problem.to_owned())
}
