//! Where the tables of a data directory are, and what they are called. Looks at names and properties only.
//!
//! `SCHEMA/TABLE` is the rule. Tables directly in the directory, and the directory itself where it is a table, are in
//! the schema `hats`. A collection is one table of the collection's name; its margins and indexes are none.

use std::fs;
use std::path::{Path, PathBuf};

use super::{OpenError, TableError};
use crate::hats::{self, collection, properties};

/// The schema of tables that are in no directory of a schema.
const TOP_SCHEMA: &str = "hats";

/// A directory that should have a table.
pub(super) struct Found {
    pub(super) schema: String,
    pub(super) name: String,
    /// The table's directory, or why there is none.
    pub(super) dir: Result<PathBuf, TableError>,
}

/// All tables of `data_dir`, by schema and name. Puts back tables whose replacement a crash cut short.
pub(super) fn tables(data_dir: &Path) -> Result<Vec<Found>, OpenError> {
    let mut tables: Vec<Found> = table(data_dir, TOP_SCHEMA).into_iter().collect();
    let dirs = if tables.is_empty() { directories(data_dir)? } else { Vec::new() };
    for dir in dirs {
        match table(&dir, TOP_SCHEMA) {
            Some(found) => tables.push(found),
            None => tables.extend(directories(&dir)?.iter().filter_map(|path| table(path, &name_of(&dir)))),
        }
    }
    tables.retain(|found| !is_other_product(found));
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Ok(tables)
}

fn table(dir: &Path, schema: &str) -> Option<Found> {
    let found = |table: Result<PathBuf, TableError>| {
        Some(Found { schema: schema.to_owned(), name: name_of(dir), dir: table })
    };
    if collection::is_one(dir) {
        found(collection::primary(dir).map_err(TableError::from))
    } else {
        properties::file(dir).and_then(|_| found(Ok(dir.to_owned())))
    }
}

/// An index, a margin, a map: no table of rows on the sky.
fn is_other_product(found: &Found) -> bool {
    let Ok(dir) = &found.dir else { return false };
    let other = properties::product(dir).filter(|product| !matches!(product.as_str(), "object" | "source"));
    if let Some(product) = &other {
        tracing::info!(path = %dir.display(), product, "skipped: neither an object nor a source table");
    }
    other.is_some()
}

/// The directories in `dir`, sorted. Hidden ones are tables that are still being written.
fn directories(dir: &Path) -> Result<Vec<PathBuf>, OpenError> {
    if let Err(error) = hats::restore(dir) {
        let cause: &dyn std::error::Error = &error;
        tracing::error!(path = %dir.display(), cause, "cannot put back a table whose replacement was cut short");
    }
    let failed = |source| OpenError::Directory { path: dir.to_owned(), source };
    let entries: Vec<fs::DirEntry> = fs::read_dir(dir).and_then(Iterator::collect).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.is_dir() && !name_of(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
