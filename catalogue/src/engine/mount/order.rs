//! Whether row groups that claim an order have it. Statistics can disprove such a claim and never prove it, so the
//! column is read: once, as a table that was found sound is opened by its index the next time.
//!
//! Parquet's claim (`RowGroup.sorting_columns`) is about the rows of one row group. Files without a claim may have
//! any order, as the engine relies on none.

use std::fs::File;
use std::path::Path;

use arrow::array::{ArrayRef, make_comparator};
use arrow_schema::{ArrowError, SortOptions};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{RowGroupMetaData, SortingColumn};
use rayon::prelude::*;

use super::TableError;
use crate::engine::bounds;
use crate::engine::table::Tile;

/// Checks the claims of all files.
pub(super) fn check(tiles: &[Tile]) -> Result<(), TableError> {
    tiles.par_iter().try_for_each(|tile| check_file(&tile.footer.path, tile))
}

fn groups(tile: &Tile) -> impl Iterator<Item = &RowGroupMetaData> {
    tile.footer.metadata().row_groups().iter()
}

fn claim(group: &RowGroupMetaData) -> Option<&SortingColumn> {
    group.sorting_columns().and_then(|columns| columns.first())
}

fn check_file(path: &Path, tile: &Tile) -> Result<(), TableError> {
    for (number, group) in groups(tile).enumerate() {
        let Some(claim) = claim(group) else { continue };
        let leaf = usize::try_from(claim.column_idx).ok().filter(|leaf| *leaf < group.num_columns());
        let leaf = leaf
            .ok_or_else(|| TableError::file(path, "says that it is sorted by a column it does not have"))?;
        let column = group.column(leaf);
        let name = column.column_path().string();
        let (start, length) = column.byte_range();
        let file =
            File::open(path).map_err(|error| TableError::file(path, format!("cannot be read ({error})")))?;
        bounds::pages_of(&file, start..start + length)
            .map_err(|defect| TableError::file(path, format!("column {name} is broken: {defect}")))?;
        let options = SortOptions { descending: claim.descending, nulls_first: claim.nulls_first };
        let unreadable = |error| {
            TableError::file(path, format!("column {name} cannot be decoded, at byte {start} ({error})"))
        };
        if let Some(row) =
            bounds::caught(|| first_misplaced(file, number, leaf, options)).map_err(unreadable)?
        {
            let problem = format!(
                "says that it is sorted by {name}, but row {row} of row group {number} is out of order"
            );
            return Err(TableError::file(path, problem));
        }
    }
    Ok(())
}

/// The first row of a row group that comes before the row above it, by one column.
fn first_misplaced(
    file: File,
    group: usize,
    leaf: usize,
    options: SortOptions,
) -> Result<Option<usize>, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let column = ProjectionMask::leaves(builder.parquet_schema(), [leaf]);
    let mut above: Option<ArrayRef> = None;
    let mut row = 0;
    for batch in builder.with_projection(column).with_row_groups(vec![group]).build()? {
        let batch = batch?;
        let values = batch.column(0);
        if let Some(at) = misplaced(above.as_ref(), values, options)? {
            return Ok(Some(row + at));
        }
        row += values.len();
        above = (!values.is_empty()).then(|| values.slice(values.len() - 1, 1)).or(above);
    }
    Ok(None)
}

fn misplaced(
    above: Option<&ArrayRef>,
    values: &ArrayRef,
    options: SortOptions,
) -> Result<Option<usize>, ArrowError> {
    if let (Some(above), false) = (above, values.is_empty())
        && make_comparator(above, values, options)?(0, 0).is_gt()
    {
        return Ok(Some(0));
    }
    let compare = make_comparator(values, values, options)?;
    Ok((1..values.len()).find(|&row| compare(row - 1, row).is_gt()))
}
