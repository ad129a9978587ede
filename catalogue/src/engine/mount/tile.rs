//! The files of one tile: one, or a directory of several.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Place, TableError};
use crate::engine::bounds;
use crate::engine::footer::Footer;
use crate::engine::table::Tile;
use crate::hats::{Partition, Properties, layout};

/// Reads the footers of the tile's files, and checks that they have the rows that the list of tiles says.
pub(super) fn open(
    place: &Place<'_>,
    properties: &Properties,
    partition: &Partition,
) -> Result<Vec<Tile>, TableError> {
    let Partition { order, npix, rows: expected } = *partition;
    let path = place.dir.join(layout::tile_path_with_suffix(order, npix, &properties.npix_suffix));
    let mut tiles = Vec::new();
    for file in files(&path).map_err(|error| TableError::file(&path, format!("cannot be read ({error})")))? {
        let location = location(place.data_dir, &file);
        tiles.push(Tile { order, npix, location, footer: Arc::new(read_footer(&file)?) });
    }
    let rows: u64 = tiles.iter().map(|tile| tile.footer.rows()).sum();
    match expected {
        Some(expected) if expected != rows => {
            Err(TableError::file(&path, format!("has {rows} rows, but partition_info.csv says {expected}")))
        }
        _ => Ok(tiles),
    }
}

/// A tile is one file, or a directory of them.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: Vec<fs::DirEntry> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "parquet"));
    files.sort();
    Ok(files)
}

fn read_footer(path: &Path) -> Result<Footer, TableError> {
    let unreadable = |error: io::Error| TableError::file(path, format!("cannot be read ({error})"));
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let broken =
        |defect: bounds::Defect| TableError::file(path, format!("is not a whole Parquet file: {defect}"));
    bounds::footer(&file, bytes).map_err(broken)?;
    let footer = bounds::caught(|| Footer::read(path)).map_err(|error| {
        TableError::file(path, format!("is not a whole Parquet file: its footer cannot be decoded ({error})"))
    })?;
    bounds::extent::chunks(bytes, footer.metadata()).map_err(broken)?;
    Ok(footer)
}

/// A path relative to the data directory, with `/` between parts.
pub(super) fn location(data_dir: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(data_dir).unwrap_or(path);
    let parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}
