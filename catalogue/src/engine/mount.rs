//! Opens the tables of a data directory: finds them, reads what they say about themselves and the footer of
//! every file, and refuses what does not fit together. Reads no rows, and repairs nothing.

mod check;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::SchemaRef;
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
    #[error(
        "{path} has no table: expected <schema>/<table>/hats.properties in it; import one, or leave --data out for the sample sky"
    )]
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
    let schema = check::common_schema(data_dir, dir, &tiles)?;
    let keys = check::key_columns(dir, &properties, &schema)?;
    tiles.par_iter().try_for_each(|tile| check::index(data_dir, tile, &keys))?;
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
    let path = dir.join(hats::layout::tile_path_with_suffix(
        partition.order,
        partition.npix,
        &properties.npix_suffix,
    ));
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
    let missing = |source: std::io::Error| OpenError::File {
        path: path.to_owned(),
        problem: format!("cannot be read ({source})"),
    };
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
    let unreadable = |error| OpenError::File {
        path: path.to_owned(),
        problem: format!("is not a whole Parquet file ({error})"),
    };
    let footer = Arc::new(Footer::read(path).map_err(unreadable)?);
    let relative = path.strip_prefix(data_dir).unwrap_or(path);
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    Ok(Tile { order: partition.order, npix: partition.npix, location: parts.join("/"), footer })
}
