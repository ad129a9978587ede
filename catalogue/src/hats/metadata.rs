//! `dataset/_metadata`: the footers of all tiles in one Parquet file without rows, which pyarrow and LSDB read
//! instead of every tile's.
//!
//! Optional in the standard, and left out where the footers are too many for one file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::writer::TrackedWrite;
use rayon::prelude::*;

use super::layout;
use super::partition::Partition;

/// The ordinal of a row group is an `i16` (parquet.thrift, `RowGroup.ordinal`).
const MAX_ROW_GROUPS: usize = i16::MAX as usize;

/// Column chunks of all row groups together; the file has about 100 bytes for each.
const MAX_CHUNKS: usize = 1 << 20;

const MAGIC: &[u8; 4] = b"PAR1";

/// Writes the footers of the tiles of the table in `table`, in their order, if one file can hold them.
pub(super) fn write(table: &Path, tiles: &[Partition]) -> Result<()> {
    if tiles.len() > MAX_ROW_GROUPS {
        return Ok(());
    }
    let common =
        ParquetMetaDataReader::new().parse_and_finish(&File::open(table.join(layout::COMMON_METADATA))?)?;
    let groups: Vec<Vec<RowGroupMetaData>> =
        tiles.par_iter().map(|tile| row_groups(table, tile)).collect::<Result<_>>()?;
    let groups: Vec<RowGroupMetaData> = groups.into_iter().flatten().collect();
    let chunks: usize = groups.iter().map(RowGroupMetaData::num_columns).sum();
    if groups.len() > MAX_ROW_GROUPS || chunks > MAX_CHUNKS {
        return Ok(());
    }
    let groups = groups.into_iter().zip(0i16..).map(|(group, n)| group.into_builder().set_ordinal(n).build());
    let groups = groups.collect::<Result<Vec<_>>>()?;
    let footer = ParquetMetaData::new(file_metadata(common.file_metadata(), &groups), groups);
    let mut file = TrackedWrite::new(File::create_new(table.join(layout::METADATA))?);
    file.write_all(MAGIC)?;
    ParquetMetaDataWriter::new_with_tracked(file, &footer).finish()
}

/// The row groups of a tile, with the name of its file, relative to the directory of this one.
fn row_groups(table: &Path, tile: &Partition) -> Result<Vec<RowGroupMetaData>> {
    let path = layout::tile_path(tile.order, tile.npix);
    let footer = ParquetMetaDataReader::new().parse_and_finish(&File::open(table.join(&path))?)?;
    let name = path.strip_prefix(layout::DATASET).map_err(|error| ParquetError::External(error.into()))?;
    let name = name.to_string_lossy();
    let located = |group: &RowGroupMetaData| {
        let columns = group
            .columns()
            .iter()
            .map(|column| column.clone().into_builder().set_file_path(name.to_string()).build());
        let columns = columns.collect::<Result<Vec<_>>>()?;
        group.clone().into_builder().set_column_metadata(columns).build()
    };
    footer.row_groups().iter().map(located).collect()
}

/// What a file without rows says about itself, for all rows.
fn file_metadata(common: &FileMetaData, groups: &[RowGroupMetaData]) -> FileMetaData {
    FileMetaData::new(
        common.version(),
        groups.iter().map(RowGroupMetaData::num_rows).sum(),
        common.created_by().map(str::to_owned),
        common.key_value_metadata().cloned(),
        common.schema_descr_ptr(),
        common.column_orders().cloned(),
    )
}
