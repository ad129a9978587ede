//! Spectra: files with one row per source and arrays, or with one row per sample, become one row per source.
//!
//! Columns that the table does not have (`solution_id`, names of sets of files) are not kept.

mod numbers;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, ListArray, RecordBatch};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use arrow::error::ArrowError;

use super::super::file_error::FileError;
use super::super::places::Places;
use super::super::position;
use super::needed;
use crate::columns::Spectra;
use crate::healpix;
use source::Source;

/// Columns that a file with one row per sample has.
const WAVELENGTH: &str = "wavelength";

/// Sources with their spectra, in memory.
pub(in crate::import) struct Gathered {
    table: Spectra,
    sources: BTreeMap<i64, Source>,
}

impl Gathered {
    /// No spectra of this table yet.
    pub fn new(table: Spectra) -> Self {
        Self { table, sources: BTreeMap::new() }
    }

    /// Adds what one file has, or a piece of it.
    pub fn add(&mut self, batch: &RecordBatch, places: &Places) -> Result<(), FileError> {
        let source_ids = needed(batch, "source_id", &DataType::Int64)?;
        let wavelengths =
            batch.column_by_name(WAVELENGTH).map(|_| needed(batch, WAVELENGTH, &DataType::Float64));
        let wavelengths = wavelengths.transpose()?;
        let columns = numbers::Columns::new(self.table, batch, wavelengths.is_some())?;
        for (row, source_id) in source_ids.as_primitive::<Int64Type>().iter().enumerate() {
            let good = source_id.filter(|&id| position::centre_of_source(id).is_some());
            let found = || source_id.map_or("null".to_owned(), |id| id.to_string());
            let id = good.ok_or_else(|| FileError::BadSourceId { place: places.of(row), found: found() })?;
            let wavelength =
                wavelengths.as_ref().map(|column| column.as_primitive::<Float64Type>().value(row));
            let source = self.sources.entry(id).or_insert_with(|| Source::new(self.table));
            source.add(&columns, row, wavelength).map_err(|what| malformed(id, &what))?;
        }
        Ok(())
    }

    /// Says where a source is, if it is one of these.
    pub fn place(&mut self, source_id: i64, position: (f64, f64)) {
        if let Some(source) = self.sources.get_mut(&source_id) {
            source.position = Some(position);
        }
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether all spectra are whole. Fails with the first source whose is not, and why.
    pub fn check(&self) -> Result<(), (i64, FileError)> {
        let samples = self.table.wavelengths_nm().len();
        for (&id, source) in &self.sources {
            source.check(samples).map_err(|what| (id, malformed(id, &what)))?;
        }
        Ok(())
    }

    /// One row per source, by `source_id`. Also how many rows were placed by `source_id`.
    pub fn into_batch(self) -> Result<(RecordBatch, u64), ArrowError> {
        let mut placed = 0;
        let mut positions = Vec::new();
        for (&id, source) in &self.sources {
            placed += u64::from(source.position.is_none());
            let position = source.position.or_else(|| position::centre_of_source(id));
            positions.push(
                position.ok_or_else(|| ArrowError::InvalidArgumentError(format!("{id} is no source_id")))?,
            );
        }
        let (ra, dec): (Vec<f64>, Vec<f64>) = positions.iter().copied().unzip();
        let pixels: Int64Array = positions.iter().map(|&(ra, dec)| healpix::hash29(ra, dec)).collect();
        let ids: Int64Array = self.sources.keys().copied().collect();
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(ids), Arc::new(Float64Array::from(ra)), Arc::new(Float64Array::from(dec))];
        for (index, field) in self.table.numbers().iter().enumerate() {
            let values: Float64Array = self.sources.values().map(|source| source.numbers[index]).collect();
            arrays.push(cast(&values, field.data_type())?);
        }
        for (index, field) in self.table.lists().iter().enumerate() {
            arrays.push(list(field, self.sources.values().map(|source| source.lists[index].as_deref()))?);
        }
        arrays.push(Arc::new(pixels));
        Ok((RecordBatch::try_new(Arc::new(Schema::new(self.table.fields())), arrays)?, placed))
    }
}

fn list<'a>(
    field: &Field,
    rows: impl Iterator<Item = Option<&'a [Option<f64>]>> + Clone,
) -> Result<ArrayRef, ArrowError> {
    let lengths = rows.clone().map(|row| row.map_or(0, <[_]>::len));
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    let valid = NullBuffer::from_iter(rows.clone().map(|row| row.is_some()));
    let values: Float64Array = rows.flatten().flatten().copied().collect();
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let lists = ListArray::try_new(item, offsets, Arc::new(values), Some(valid))?;
    cast(&lists, field.data_type())
}

fn malformed(source_id: i64, what: &str) -> FileError {
    FileError::Malformed { format: "spectrum", what: format!("source {source_id}: {what}") }
}
