//! A sky of which only some files have their rows: what an engine keeps in memory is that of the whole sky, and the
//! disk holds a small part. For measuring growth up to a billion rows on one machine.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, new_null_array};
use arrow_schema::{ArrowError, Field, SchemaRef};
use rayon::prelude::*;

use super::plan::{Plan, tiles_of};
use super::tile::Key;
use super::{SampleOptions, SampleSummary, SkyError, Tables};
use crate::healpix;
use crate::progress::Progress;

/// Does what [`super::write_sample`] does for about `whole_files` files, evenly chosen. All others are hollow: they
/// have their names, their footers and the statistics of their pages, and a hole where their rows would be.
/// Light curves exist for the sources of whole files.
pub fn write_sparse_sample(
    data_dir: &Path,
    options: &SampleOptions,
    whole_files: usize,
    progress: &dyn Progress,
) -> Result<SampleSummary, SkyError> {
    let plan = Plan::new(options)?;
    let tables = Tables::create(data_dir, options)?;
    progress.begin("Generating a sparse sky", plan.sources(), "sources");
    let files = plan.groups(options.file_rows());
    let every = files.len().div_ceil(whole_files.max(1));
    files.into_par_iter().enumerate().try_for_each(|(number, (order, npix))| {
        if number % every == 0 {
            return tables.write(&plan, order, npix, progress);
        }
        let keys: Vec<Key> = tiles_of(order, npix).flat_map(|tile| plan.keys(tile)).collect();
        let rows = key_rows(tables.gaia_source.schema(), &keys)?;
        tables.gaia_source.write_hollow_tile(order, npix, &[rows])?;
        progress.advance(keys.len() as u64);
        Ok(())
    })?;
    progress.end();
    tables.finish(data_dir)
}

/// Rows with keys and without anything else.
fn key_rows(schema: &SchemaRef, keys: &[Key]) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| -> ArrayRef {
        let long = |value: fn(&Key) -> i64| Arc::new(Int64Array::from_iter_values(keys.iter().map(value)));
        match field.name().as_str() {
            "source_id" => long(|key| key.source_id),
            "random_index" => long(|key| key.random_index),
            healpix::COLUMN => long(|key| key.healpix),
            _ if field.is_nullable() => new_null_array(field.data_type(), keys.len()),
            _ => Arc::new(Float64Array::from(vec![0.0; keys.len()])),
        }
    };
    RecordBatch::try_new(schema.clone(), schema.fields().iter().map(column).collect())
}
