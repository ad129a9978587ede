//! Opens the tables of a data directory: finds them, reads what they say about themselves and the footer of
//! every file, and refuses what does not fit together. A broken table does not keep the others from serving.
//! A table whose index is newer than its files was checked before, and is taken as it is.
//! Reads no rows, except to check a claim that nothing else can prove.

mod check;
mod find;
mod order;
mod tile;

use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use rayon::prelude::*;
use thiserror::Error;

use super::error::QueryError;
use super::index::{self, Index};
use super::narrow::KeyColumns;
use super::table::Tile;
use crate::hats::{HatsError, partition, properties};
use crate::healpix;

/// Why a data directory cannot be served at all.
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
    /// The directory has no table.
    #[error(
        "{path} has no table: expected <schema>/<table>/hats.properties in it; import one, or leave --data out for the sample sky"
    )]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// The engine does not take the tables.
    #[error("the query engine does not start")]
    Engine(#[source] datafusion::error::DataFusionError),
}

/// Why one table cannot be read. Names the file and what is wrong with it.
#[derive(Debug, Error)]
pub enum TableError {
    /// The table does not describe itself well.
    #[error(transparent)]
    Description(#[from] HatsError),
    /// A file of the table is missing, broken, or no part of it.
    #[error("file {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and at which byte.
        problem: String,
    },
}

impl TableError {
    fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }
}

/// A table that is there and cannot be read.
#[derive(Debug, Error)]
#[error(
    "table {schema}.{name} cannot be read: {source}; re-import the table, or move it out of the data directory"
)]
pub struct BrokenTable {
    /// The schema: a release such as `gaiadr3`.
    pub schema: String,
    /// The table's name within it.
    pub name: String,
    /// Why not.
    pub source: TableError,
    pub(crate) data_dir: PathBuf,
}

impl BrokenTable {
    /// `schema.name`
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// What a person hears who asks for the table: the same, without the server's directories.
    pub(crate) fn told(&self) -> QueryError {
        let data_dir = format!("{}/", self.data_dir.display());
        let problem = self.source.to_string().replace(&data_dir, "");
        QueryError::Unreadable { table: self.qualified_name(), problem }
    }
}

/// A table on disk, complete and checked.
pub(crate) struct Mounted {
    pub(crate) schema_name: String,
    pub(crate) name: String,
    /// Relative to the data directory, with `/` between parts.
    pub(crate) directory: String,
    pub(crate) schema: SchemaRef,
    pub(crate) keys: KeyColumns,
    pub(crate) index: Index,
}

/// All tables under `data_dir`, by schema and name: those that can be read, and the others.
pub(crate) fn tables(data_dir: &Path) -> Result<(Vec<Mounted>, Vec<BrokenTable>), OpenError> {
    let (mut sound, mut broken) = (Vec::new(), Vec::new());
    for find::Found { schema, name, dir } in find::tables(data_dir)? {
        match dir.and_then(|dir| table(data_dir, &dir, &schema, &name)) {
            Ok(mounted) => sound.push(mounted),
            Err(source) => broken.push(BrokenTable { schema, name, source, data_dir: data_dir.to_owned() }),
        }
    }
    match sound.is_empty() && broken.is_empty() {
        true => Err(OpenError::Empty { path: data_dir.to_owned() }),
        false => Ok((sound, broken)),
    }
}

/// Opens a table, which makes its index.
pub(crate) fn index(data_dir: &Path, schema: &str, name: &str) -> Result<(), TableError> {
    table(data_dir, &data_dir.join(schema).join(name), schema, name).map(drop)
}

/// Which table is being opened, and where.
struct Place<'a> {
    data_dir: &'a Path,
    dir: &'a Path,
}

fn table(data_dir: &Path, dir: &Path, schema_name: &str, name: &str) -> Result<Mounted, TableError> {
    let properties = properties::read(dir)?;
    let mounted = |schema: SchemaRef, keys, index| {
        let (schema_name, name) = (schema_name.to_owned(), name.to_owned());
        Ok(Mounted { schema_name, name, directory: tile::location(data_dir, dir), schema, keys, index })
    };
    if let Some((schema, index)) = index::load(dir) {
        let keys = check::key_columns(dir, &properties, &schema)?;
        return mounted(schema, keys, index);
    }
    let partitions = partition::read(dir)?;
    let place = Place { data_dir, dir };
    let tiles = partitions.par_iter().map(|partition| tile::open(&place, &properties, partition));
    let tiles: Vec<Vec<Tile>> = tiles.collect::<Result<_, TableError>>()?;
    let mut tiles: Vec<Tile> = tiles.into_iter().flatten().collect();
    tiles.sort_by_key(|tile| *healpix::tile_range(tile.order, tile.npix).start());
    let schema = check::common_schema(&place, &tiles)?;
    let keys = check::key_columns(dir, &properties, &schema)?;
    tiles.par_iter().try_for_each(|tile| check::place(tile, &keys))?;
    check::rows(dir, &properties, &tiles)?;
    order::check(&tiles)?;
    let index = Index::build(&tile::location(data_dir, dir), &tiles, &keys).map_err(|(tile, error)| {
        TableError::file(&tiles[tile].footer.path, format!("cannot be indexed: {error}"))
    })?;
    index::save(dir, &schema, &index);
    mounted(schema, keys, index)
}
