//! From files of light curves or spectra to one row per source.
//!
//! Their rows wait like those of a catalogue, but at the pixel in their source_id, so that a slice of the sky has all
//! rows of its sources. Slice by slice they are put together and put aside once more, where the sources are.

mod kinds;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use rayon::prelude::*;

use super::error::ImportError;
use super::file_error::FileError;
use super::histogram::Histogram;
use super::inputs::{Input, Role};
use super::places::Places;
use super::request::ImportRequest;
use super::run_file::{self, Run};
use super::slices::Slices;
use super::work::{ReadEntry, Work};
use super::{epoch, position};
use crate::healpix;
use crate::progress::Progress;
use kinds::Products;

/// Sources that have been put together.
pub(super) struct Gathered {
    /// One row per source.
    pub runs: Vec<Run>,
    /// The columns of the table.
    pub schema: SchemaRef,
    /// Sources that nobody gave a position.
    pub placed_by_source_id: u64,
}

/// Rows with the pixel in their source_id as the index column, and with their places as the last one.
pub(super) fn keyed(rows: &RecordBatch, places: &Places) -> Result<RecordBatch, FileError> {
    let ids = epoch::needed(rows, "source_id", &DataType::Int64)?;
    let ids = ids.as_primitive::<Int64Type>().iter().enumerate();
    let ids = ids.map(|(row, id)| epoch::source(id, places, row)).collect::<Result<Vec<i64>, _>>()?;
    let pixels: Int64Array = ids.into_iter().map(position::pixel_of_source).collect();
    let pixels: ArrayRef = Arc::new(pixels);
    let schema = rows.schema();
    let others = schema.fields().iter().zip(rows.columns());
    let others = others.filter(|(field, _)| field.name() != healpix::COLUMN);
    let (mut fields, mut columns): (Vec<_>, Vec<_>) =
        others.map(|(field, column)| (Arc::clone(field), Arc::clone(column))).unzip();
    fields.push(Arc::new(Field::new(healpix::COLUMN, DataType::Int64, false)));
    columns.push(pixels);
    Ok(places.attach(&RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)?)
}

/// Puts together all sources of the files that have been read.
pub(super) fn gather(
    request: &ImportRequest,
    read: &[ReadEntry],
    runs: Vec<Run>,
    work: &Work,
    progress: &dyn Progress,
) -> Result<Gathered, ImportError> {
    let inputs = read.iter().flat_map(|entry| entry.runs.iter().map(|_| &entry.file)).collect();
    let mut histogram = Histogram::new();
    runs.iter().for_each(|run| histogram.add(run.cells()));
    // What rows become takes as much again while it is made.
    let slices = Slices::new(&runs, &histogram, request.limits.sort_bytes() / 2).of(Histogram::cells())?;
    let sources = Sources { request, inputs, runs: &runs };
    progress.begin("putting sources together", histogram.total(), "rows");
    let gathered: Vec<Result<Option<(Run, u64)>, ImportError>> = slices
        .par_iter()
        .enumerate()
        .map(|(number, slice)| sources.put_aside(number, slice, work, progress))
        .collect();
    progress.end();
    let (mut runs, mut placed_by_source_id) = (Vec::new(), 0);
    for slice in gathered {
        if let Some((run, placed)) = slice? {
            runs.push(run);
            placed_by_source_id += placed;
        }
    }
    let schema = runs.first().expect("files without rows are refused before").schema()?;
    Ok(Gathered { runs, schema: described(&schema, placed_by_source_id), placed_by_source_id })
}

/// Coordinates are estimates when some rows were placed by source_id.
fn described(schema: &Schema, placed_by_source_id: u64) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.name().as_str() {
        name @ ("ra" | "dec") if placed_by_source_id > 0 => Arc::new(position::estimated(name)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows of all files, by the pixels in their source_ids.
struct Sources<'a> {
    request: &'a ImportRequest,
    /// The file of each run.
    inputs: Vec<&'a Input>,
    runs: &'a [Run],
}

impl Sources<'_> {
    /// One row per source of a slice, on disk, and how many of them were placed by source_id.
    fn put_aside(
        &self,
        number: usize,
        slice: &Range<i64>,
        work: &Work,
        progress: &dyn Progress,
    ) -> Result<Option<(Run, u64)>, ImportError> {
        let (products, rows) = self.put_together(slice)?;
        if let Err((source_id, problem)) = products.check() {
            return Err(problem.in_file(&self.file_of(source_id, slice)?.path));
        }
        progress.advance(rows);
        if products.is_empty() {
            return Ok(None);
        }
        let (batch, placed) = products.into_batch()?;
        let path = work.runs().join(format!("sources-{number:06}.run"));
        run_file::write(&path, &[batch])?;
        Ok(Some((Run::open(path)?, placed)))
    }

    /// The sources of a slice, and how many rows they were.
    fn put_together(&self, slice: &Range<i64>) -> Result<(Products, u64), ImportError> {
        let mut products = Products::new(self.request.kind);
        let (mut bytes, mut rows) = (0, 0);
        for (input, run) in self.inputs.iter().zip(self.runs) {
            for batch in run.rows(slice)? {
                bytes += run_file::bytes(&batch);
                if bytes > self.request.limits.memory_bytes {
                    return Err(ImportError::Crowded { limit_bytes: self.request.limits.memory_bytes });
                }
                rows += batch.num_rows() as u64;
                let (batch, places) = Places::detach(batch).expect("`keyed` added it");
                let taken = match input.role {
                    Role::Rows => products.add(&batch, &places),
                    Role::Positions => products.place(&batch),
                };
                taken.map_err(|problem| problem.in_file(&input.path))?;
            }
        }
        Ok((products, rows))
    }

    /// The last file that has rows of a source.
    fn file_of(&self, source_id: i64, slice: &Range<i64>) -> Result<&Input, ImportError> {
        let mut files = HashMap::new();
        for (input, run) in self.inputs.iter().zip(self.runs).filter(|(input, _)| input.role == Role::Rows) {
            for batch in run.rows(slice)? {
                let ids = batch.column_by_name("source_id").expect("`keyed` saw it");
                let ids = ids.as_primitive::<Int64Type>().values();
                files.extend(ids.iter().map(|&id| (id, *input)));
            }
        }
        Ok(files[&source_id])
    }
}
