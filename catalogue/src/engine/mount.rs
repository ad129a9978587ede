//! Opens the tables of a data directory: finds them, reads what they say about themselves and the footer of
//! every file, and refuses what does not fit together. Reads no rows, and repairs nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::statistics::Statistics;
use rayon::prelude::*;
use thiserror::Error;

use super::footer::Footer;
use super::narrow::KeyColumns;
use super::table::Tile;
use crate::hats::{self, HatsError, Partition, Properties, layout, partition, properties};
use crate::healpix;

/// The schema of tables that lie directly in the data directory.
const TOP_SCHEMA: &str = "hats";

/// Why a data directory cannot be served. Names the file, what is wrong with it, and what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory cannot be listed.
    #[error("cannot list {path}: check that it is a directory and readable")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The system gives no threads.
    #[error("cannot start the threads that run queries")]
    Threads(#[source] std::io::Error),
    /// The directory has no table.
    #[error("{path} has no table: expected <schema>/<table>/hats.properties in it; import one, or leave --data out for the sample sky")]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// A table does not describe itself well.
    #[error("{source}; re-import the table, or move {table} away")]
    Description {
        /// The table's directory.
        table: PathBuf,
        /// Which file says what.
        source: HatsError,
    },
    /// A file of a table is missing, broken, or no part of it.
    #[error("{path}: {problem}; re-import the table, or move it out of the data directory")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// A table on disk, complete and checked.
pub(crate) struct Mounted {
    pub(crate) schema_name: String,
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
    pub(crate) keys: KeyColumns,
    pub(crate) tiles: Vec<Tile>,
}

/// All tables under `data_dir`, by schema and name.
pub(crate) fn tables(data_dir: &Path) -> Result<Vec<Mounted>, OpenError> {
    let mut mounted = Vec::new();
    for dir in directories(data_dir)? {
        if is_table(&dir) {
            mounted.extend(table(data_dir, &dir, TOP_SCHEMA)?);
            continue;
        }
        let schema = file_name(&dir);
        for table_dir in directories(&dir)?.into_iter().filter(|dir| is_table(dir)) {
            mounted.extend(table(data_dir, &table_dir, &schema)?);
        }
    }
    match mounted.is_empty() {
        true => Err(OpenError::Empty { path: data_dir.to_owned() }),
        false => Ok(mounted),
    }
}

/// The directories in `dir`, sorted. Hidden ones are tables that are still being written.
fn directories(dir: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let failed = |source| OpenError::Directory { path: dir.to_owned(), source };
    let entries: Vec<fs::DirEntry> = fs::read_dir(dir).and_then(Iterator::collect).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.is_dir() && !file_name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_table(dir: &Path) -> bool {
    dir.join(layout::PROPERTIES).is_file()
}

/// `None` when the directory is a HATS product other than a table of rows on the sky: an index, a margin, a map.
fn table(data_dir: &Path, dir: &Path, schema_name: &str) -> Result<Option<Mounted>, OpenError> {
    if is_other_product(dir) {
        tracing::info!(path = %dir.display(), "skipped: neither an object nor a source table");
        return Ok(None);
    }
    let described = |source| OpenError::Description { table: dir.to_owned(), source };
    let properties = properties::read(dir).map_err(described)?;
    let partitions = partition::read(dir).map_err(described)?;
    let tiles: Vec<Vec<Tile>> = partitions
        .par_iter()
        .map(|partition| open_tile(data_dir, dir, &properties, partition))
        .collect::<Result<_, OpenError>>()?;
    let mut tiles: Vec<Tile> = tiles.into_iter().flatten().collect();
    tiles.sort_by_key(|tile| *healpix::tile_range(tile.order, tile.npix).start());
    let schema = common_schema(data_dir, dir, &tiles)?;
    let keys = key_columns(dir, &properties, &schema)?;
    tiles.par_iter().try_for_each(|tile| check_index(data_dir, tile, &keys))?;
    Ok(Some(Mounted { schema_name: schema_name.to_owned(), name: file_name(dir), schema, keys, tiles }))
}

fn is_other_product(dir: &Path) -> bool {
    let text = fs::read_to_string(dir.join(layout::PROPERTIES)).unwrap_or_default();
    let product = text.lines().find_map(|line| line.trim().strip_prefix("dataproduct_type="));
    product.is_some_and(|product| !matches!(product.trim(), "object" | "source"))
}

fn open_tile(
    data_dir: &Path,
    dir: &Path,
    properties: &Properties,
    partition: &Partition,
) -> Result<Vec<Tile>, OpenError> {
    let path = dir.join(hats::layout::tile_path_with_suffix(partition.order, partition.npix, &properties.npix_suffix));
    let tiles = files(&path)?.into_iter().map(|file| open_file(data_dir, &file, partition));
    let tiles = tiles.collect::<Result<Vec<Tile>, OpenError>>()?;
    let rows: u64 = tiles.iter().map(|tile| tile.footer.rows()).sum();
    match partition.rows {
        Some(expected) if expected != rows => {
            let problem = format!("has {rows} rows, but partition_info.csv says {expected}");
            Err(OpenError::File { path, problem })
        }
        _ => Ok(tiles),
    }
}

/// A tile is one file, or a directory of them.
fn files(path: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let missing = |source: std::io::Error| OpenError::File { path: path.to_owned(), problem: format!("cannot be read ({source})") };
    if !fs::metadata(path).map_err(missing)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: Vec<fs::DirEntry> = fs::read_dir(path).and_then(Iterator::collect).map_err(missing)?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    Ok(files)
}

fn open_file(data_dir: &Path, path: &Path, partition: &Partition) -> Result<Tile, OpenError> {
    let unreadable =
        |error| OpenError::File { path: path.to_owned(), problem: format!("is not a whole Parquet file ({error})") };
    let footer = Arc::new(Footer::read(path).map_err(unreadable)?);
    let relative = path.strip_prefix(data_dir).unwrap_or(path);
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    Ok(Tile { order: partition.order, npix: partition.npix, location: parts.join("/"), footer })
}

/// The schema of the first file, which all others must share.
fn common_schema(data_dir: &Path, dir: &Path, tiles: &[Tile]) -> Result<SchemaRef, OpenError> {
    let first = tiles.first().ok_or_else(|| OpenError::File {
        path: dir.join(layout::PARTITION_INFO),
        problem: "lists no tile".into(),
    })?;
    let schema = arrow_schema(data_dir, first)?;
    tiles.par_iter().skip(1).try_for_each(|tile| {
        let other = arrow_schema(data_dir, tile)?;
        match difference(&schema, &other) {
            Some(problem) => Err(OpenError::File { path: data_dir.join(&tile.location), problem }),
            None => Ok(()),
        }
    })?;
    Ok(Arc::new(schema))
}

fn arrow_schema(data_dir: &Path, tile: &Tile) -> Result<Schema, OpenError> {
    let file = tile.footer.metadata().file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata());
    let mut schema = schema.map_err(|error| OpenError::File {
        path: data_dir.join(&tile.location),
        problem: format!("has columns of an unknown type ({error})"),
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
    Some(format!("has {other} ({}) where the table's first file has {name} ({})", b.data_type(), a.data_type()))
}

fn key_columns(dir: &Path, properties: &Properties, schema: &Schema) -> Result<KeyColumns, OpenError> {
    let (ra, dec) = (&properties.ra_column, &properties.dec_column);
    for column in [ra, dec] {
        if schema.field_with_name(column).is_err() {
            let problem = format!("names a column {column}, which the files do not have");
            return Err(OpenError::File { path: dir.join(layout::PROPERTIES), problem });
        }
    }
    let index = properties.healpix_column.as_deref().unwrap_or(healpix::COLUMN);
    let usable = properties.healpix_order.unwrap_or(healpix::ORDER) == healpix::ORDER
        && schema.field_with_name(index).is_ok_and(|field| *field.data_type() == DataType::Int64);
    Ok(KeyColumns { ra: ra.clone(), dec: dec.clone(), healpix: usable.then(|| index.to_owned()) })
}

/// Tiles are skipped by their place on the sky, so a file must not hold positions outside its tile; and a file
/// that says it is sorted must be.
fn check_index(data_dir: &Path, tile: &Tile, keys: &KeyColumns) -> Result<(), OpenError> {
    let Some(leaf) = keys.healpix.as_deref().and_then(|column| tile.footer.leaf(column)) else {
        return Ok(());
    };
    let defect = |problem: String| Err(OpenError::File { path: data_dir.join(&tile.location), problem });
    let pixels = healpix::tile_range(tile.order, tile.npix);
    let mut highest = i64::MIN;
    for (number, group) in tile.footer.metadata().row_groups().iter().enumerate() {
        let Some(Statistics::Int64(values)) = group.column(leaf).statistics() else { continue };
        let (Some(&min), Some(&max)) = (values.min_opt(), values.max_opt()) else { continue };
        if !pixels.contains(&min) || !pixels.contains(&max) {
            return defect(format!("row group {number} has positions outside tile {} of order {}", tile.npix, tile.order));
        }
        let claims_order = group.sorting_columns().and_then(|columns| columns.first());
        let ascending = claims_order.is_some_and(|by| usize::try_from(by.column_idx) == Ok(leaf) && !by.descending);
        if ascending && min < highest {
            return defect(format!("says that it is sorted by position, but row group {number} is not after the one before"));
        }
        highest = max;
    }
    Ok(())
}
