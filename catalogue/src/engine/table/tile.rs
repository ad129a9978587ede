//! One file of a table and the part of the sky it holds; and which files, and which parts of them, a narrowing
//! leaves to be read.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};

use crate::engine::footer::Footer;
use crate::engine::narrow::{KeyColumns, Narrowing};
use crate::engine::select;
use crate::healpix;

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

impl Tile {
    pub(super) fn file(&self, access: Option<ParquetAccessPlan>) -> PartitionedFile {
        let file = PartitionedFile::new(self.location.as_str(), self.footer.bytes)
            .with_extension(Arc::clone(&self.footer));
        match access {
            Some(access) => file.with_extension(access),
            None => file,
        }
    }
}

/// The files that a narrowing leaves, with the parts of them to read.
pub(super) fn choose(
    tiles: &[Tile],
    keys: &KeyColumns,
    narrowing: &Narrowing,
) -> Result<Vec<PartitionedFile>> {
    let in_sky = |tile: &&Tile| {
        let pixels = healpix::tile_range(tile.order, tile.npix);
        narrowing.healpix.as_ref().is_none_or(|ranges| ranges.touches(*pixels.start(), *pixels.end()))
    };
    let files = tiles.iter().filter(in_sky).map(|tile| {
        let access = select::access(&tile.footer, keys, narrowing)?;
        Ok(access.map(|access| tile.file(Some(access))))
    });
    files.filter_map(Result::transpose).collect()
}

/// Rows of the parts to read.
pub(super) fn selected_rows(file: &PartitionedFile) -> Option<usize> {
    let metadata = file.extension::<Arc<Footer>>()?.metadata();
    let access = file.extension::<ParquetAccessPlan>()?;
    let groups = access.inner().iter().zip(metadata.row_groups());
    Some(groups.map(|(access, group)| rows_of(access, group.num_rows())).sum())
}

fn rows_of(access: &RowGroupAccess, all: i64) -> usize {
    match access {
        RowGroupAccess::Skip => 0,
        RowGroupAccess::Scan => usize::try_from(all).unwrap_or(0),
        RowGroupAccess::Selection(selection) => selection.row_count(),
    }
}
