//! Where the files of a HATS table are, relative to the table's directory.

use std::path::PathBuf;

/// What the table says about itself.
pub const PROPERTIES: &str = "hats.properties";

/// The same, as older writers named it.
pub const OLD_PROPERTIES: &str = "properties";

/// What a collection says about itself: a table with its margins and indexes, each in a directory below.
pub const COLLECTION: &str = "collection.properties";

/// The list of tiles.
pub const PARTITION_INFO: &str = "partition_info.csv";

/// Where the tiles are, and Parquet's files about them.
pub const DATASET: &str = "dataset";

/// The schema of all tiles, as a Parquet file without rows.
pub const COMMON_METADATA: &str = "dataset/_common_metadata";

/// The footers of all tiles in one Parquet file without rows.
pub const METADATA: &str = "dataset/_metadata";

/// The directories of tiles hold at most this many tiles each.
const TILES_PER_DIRECTORY: u64 = 10_000;

/// The file of a tile: `dataset/Norder=5/Dir=10000/Npix=12287.parquet`.
pub fn tile_path(order: u8, npix: u64) -> PathBuf {
    tile_path_with_suffix(order, npix, ".parquet")
}

/// The file of a tile in a table whose `hats_npix_suffix` is another one; `/` makes it a directory of files.
pub fn tile_path_with_suffix(order: u8, npix: u64, suffix: &str) -> PathBuf {
    let directory = npix / TILES_PER_DIRECTORY * TILES_PER_DIRECTORY;
    format!("dataset/Norder={order}/Dir={directory}/Npix={npix}{suffix}").into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn tiles_are_grouped_by_ten_thousand() {
        assert_eq!(tile_path(0, 4), Path::new("dataset/Norder=0/Dir=0/Npix=4.parquet"));
        assert_eq!(tile_path(5, 12_287), Path::new("dataset/Norder=5/Dir=10000/Npix=12287.parquet"));
        assert_eq!(tile_path_with_suffix(1, 44, "/"), Path::new("dataset/Norder=1/Dir=0/Npix=44/"));
    }
}
