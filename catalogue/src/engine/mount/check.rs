//! Whether the files of a table fit together: one schema, the columns that the description names, and positions
//! that belong to the file's tile.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::statistics::Statistics;
use rayon::prelude::*;

use super::{Place, TableError};
use crate::engine::bounds;
use crate::engine::narrow::KeyColumns;
use crate::engine::table::Tile;
use crate::hats::{Properties, layout};
use crate::healpix;

/// A list of tiles that lost some of them would lose their rows silently, so the sum must be what the table says.
pub(super) fn rows(dir: &Path, properties: &Properties, tiles: &[Tile]) -> Result<(), TableError> {
    let rows: u64 = tiles.iter().map(|tile| tile.footer.rows()).sum();
    match properties.rows {
        Some(told) if told != rows => {
            let problem = format!("says hats_nrows={told}, but the listed tiles have {rows} rows");
            Err(TableError::file(&dir.join(layout::PROPERTIES), problem))
        }
        _ => Ok(()),
    }
}

/// The schema of the first file, which all others must share.
pub(super) fn common_schema(place: &Place<'_>, tiles: &[Tile]) -> Result<SchemaRef, TableError> {
    let first = tiles.first();
    let first =
        first.ok_or_else(|| TableError::file(&place.dir.join(layout::PARTITION_INFO), "lists no tile"))?;
    let schema = arrow_schema(first)?;
    tiles.par_iter().skip(1).try_for_each(|tile| {
        let other = arrow_schema(tile)?;
        match difference(&schema, &other) {
            Some(problem) => Err(TableError::file(&tile.footer.path, problem)),
            None => Ok(()),
        }
    })?;
    Ok(Arc::new(schema))
}

fn arrow_schema(tile: &Tile) -> Result<Schema, TableError> {
    let file = tile.footer.metadata().file_metadata();
    let schema = bounds::caught(|| parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()));
    let mut schema = schema.map_err(|error| {
        let problem = format!("has columns of an unknown type ({error})");
        TableError::file(&tile.footer.path, problem)
    })?;
    // Other writers leave notes to their own readers here.
    schema.metadata.retain(|key, _| key == "description" || key.starts_with("nearside."));
    Ok(schema)
}

fn difference(expected: &Schema, other: &Schema) -> Option<String> {
    if expected.fields().len() != other.fields().len() {
        let (expected, other) = (expected.fields().len(), other.fields().len());
        return Some(format!("has {other} columns, but the table's first file has {expected}"));
    }
    let differs = |(a, b): &(&Arc<arrow_schema::Field>, &Arc<arrow_schema::Field>)| {
        a.name() != b.name() || a.data_type() != b.data_type()
    };
    let (a, b) = expected.fields().iter().zip(other.fields()).find(differs)?;
    let (name, other) = (a.name(), b.name());
    Some(format!(
        "has {other} ({}) where the table's first file has {name} ({})",
        b.data_type(),
        a.data_type()
    ))
}

pub(super) fn key_columns(
    dir: &Path,
    properties: &Properties,
    schema: &Schema,
) -> Result<KeyColumns, TableError> {
    let (ra, dec) = (&properties.ra_column, &properties.dec_column);
    for column in [ra, dec] {
        if schema.field_with_name(column).is_err() {
            let problem = format!("names a column {column}, which the files do not have");
            return Err(TableError::file(&dir.join(layout::PROPERTIES), problem));
        }
    }
    let index = properties.healpix_column.as_deref().unwrap_or(healpix::COLUMN);
    let usable = properties.healpix_order.unwrap_or(healpix::ORDER) == healpix::ORDER
        && schema.field_with_name(index).is_ok_and(|field| *field.data_type() == DataType::Int64);
    Ok(KeyColumns { ra: ra.clone(), dec: dec.clone(), healpix: usable.then(|| index.to_owned()) })
}

/// Tiles are skipped by their place on the sky, so a file must not hold positions outside its tile.
pub(super) fn place(tile: &Tile, keys: &KeyColumns) -> Result<(), TableError> {
    let Some(leaf) = keys.healpix.as_deref().and_then(|column| tile.footer.leaf(column)) else {
        return Ok(());
    };
    let pixels = healpix::tile_range(tile.order, tile.npix);
    for (number, group) in tile.footer.metadata().row_groups().iter().enumerate() {
        let Some(Statistics::Int64(values)) = group.column(leaf).statistics() else { continue };
        let (Some(min), Some(max)) = (values.min_opt(), values.max_opt()) else { continue };
        if !pixels.contains(min) || !pixels.contains(max) {
            let (npix, order) = (tile.npix, tile.order);
            let problem = format!("row group {number} has positions outside tile {npix} of order {order}");
            return Err(TableError::file(&tile.footer.path, problem));
        }
    }
    Ok(())
}
