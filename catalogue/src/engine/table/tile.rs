//! One file of a table as it is when the table is opened without an index.

use std::sync::Arc;

use crate::engine::footer::Footer;

/// One Parquet file of a table and the part of the sky it holds.
#[derive(Debug)]
pub(crate) struct Tile {
    /// HEALPix order of the tile.
    pub(crate) order: u8,
    /// Number of the tile in its order, nested.
    pub(crate) npix: u64,
    /// The file, relative to the data directory, with `/` between parts.
    pub(crate) location: String,
    /// What the file says about itself.
    pub(crate) footer: Arc<Footer>,
}
