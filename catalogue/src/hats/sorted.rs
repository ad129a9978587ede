//! Writes a table from rows in any order.

use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::Int64Type;
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use super::HatsError;
use super::fold::{Tile, fold};
use super::writer::{TableMeta, Writer, Written};
use crate::healpix;

/// Where a row is: its pixel of order 29, the batch, the row within the batch. Sorts by place on the sky and
/// then by order of arrival, so that the same input gives the same files.
type Place = (i64, u32, u32);

/// Sorts the rows by `_healpix_29`, splits them into tiles of at most `max_tile_rows` rows, and writes the
/// table to the directory `target`, replacing one that is there. Holds all rows in memory.
///
/// Every batch has the schema `schema`, with a column `_healpix_29` of int64 without nulls.
pub fn write_table(
    target: &Path,
    meta: TableMeta,
    schema: SchemaRef,
    batches: &[RecordBatch],
    max_tile_rows: usize,
) -> Result<Written, HatsError> {
    let places = places(&meta, batches)?;
    let pixels: Vec<i64> = places.iter().map(|&(pixel, _, _)| pixel).collect();
    let table = meta.name.clone();
    let slice_rows = meta.kind.row_group_rows();
    let writer = Writer::create(target, meta, schema)?;
    fold(&pixels, max_tile_rows).into_par_iter().try_for_each(|Tile { order, npix, rows }| {
        let slices = places[rows].chunks(slice_rows).map(|slice| gather(batches, slice));
        let slices: Result<Vec<_>, _> = slices.collect();
        let slices = slices.map_err(|source| HatsError::Rows { table: table.clone(), source })?;
        writer.write_tile(order, npix, &slices)
    })?;
    writer.finish()
}

fn places(meta: &TableMeta, batches: &[RecordBatch]) -> Result<Vec<Place>, HatsError> {
    let mut places = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (number, batch) in batches.iter().enumerate() {
        let pixels = batch
            .column_by_name(healpix::COLUMN)
            .and_then(|column| column.as_primitive_opt::<Int64Type>())
            .filter(|column| column.null_count() == 0)
            .ok_or_else(|| HatsError::NoIndex { table: meta.name.clone() })?;
        places.extend(pixels.values().iter().zip(0u32..).map(|(&pixel, row)| (pixel, number as u32, row)));
    }
    places.par_sort_unstable();
    Ok(places)
}

fn gather(batches: &[RecordBatch], places: &[Place]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let rows: Vec<(usize, usize)> =
        places.iter().map(|&(_, batch, row)| (batch as usize, row as usize)).collect();
    interleave_record_batch(&batches, &rows)
}
