//! Which row groups and pages of a file can hold the keys of a narrowing, by the file's own statistics. Sorted
//! files gain most, but nothing here needs them sorted.

use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use datafusion::parquet::file::statistics::Statistics;

use super::footer::Footer;
use super::keys::KeyRanges;
use super::narrow::{KeyColumns, Narrowing, SOURCE_ID};

/// The part of the file that may hold matching rows; `None` when no part can.
pub(crate) fn access(
    footer: &Footer,
    keys: &KeyColumns,
    narrowing: &Narrowing,
) -> Result<Option<ParquetAccessPlan>, ParquetError> {
    let healpix =
        keys.healpix.as_deref().and_then(|column| footer.leaf(column)).zip(narrowing.healpix.as_ref());
    let source_id = footer.leaf(SOURCE_ID).zip(narrowing.source_id.as_ref());
    let wanted: Vec<(usize, &KeyRanges)> = [healpix, source_id].into_iter().flatten().collect();
    let groups = 0..footer.metadata().num_row_groups();
    if !groups.clone().any(|group| group_may_match(footer.metadata(), group, &wanted)) {
        return Ok(None);
    }
    let metadata = footer.indexed()?;
    let plan = ParquetAccessPlan::new(groups.map(|group| row_group(metadata, group, &wanted)).collect());
    Ok((!plan.row_group_indexes().is_empty()).then_some(plan))
}

fn row_group(metadata: &ParquetMetaData, group: usize, wanted: &[(usize, &KeyRanges)]) -> RowGroupAccess {
    if !group_may_match(metadata, group, wanted) {
        return RowGroupAccess::Skip;
    }
    let pages = wanted.iter().filter_map(|(leaf, ranges)| pages(metadata, group, *leaf, ranges));
    match pages.reduce(|a, b| a.intersection(&b)) {
        None => RowGroupAccess::Scan,
        Some(selection) if selection.selects_any() => RowGroupAccess::Selection(selection),
        Some(_) => RowGroupAccess::Skip,
    }
}

fn group_may_match(metadata: &ParquetMetaData, group: usize, wanted: &[(usize, &KeyRanges)]) -> bool {
    let columns = metadata.row_group(group).columns();
    wanted.iter().all(|(leaf, ranges)| match columns[*leaf].statistics() {
        Some(Statistics::Int64(values)) => match (values.min_opt(), values.max_opt()) {
            (Some(min), Some(max)) => ranges.touches(*min, *max),
            _ => true,
        },
        _ => true,
    })
}

/// The rows of the pages that may match; `None` when the file has no index of these pages.
fn pages(metadata: &ParquetMetaData, group: usize, leaf: usize, ranges: &KeyRanges) -> Option<RowSelection> {
    let ColumnIndexMetaData::INT64(bounds) = metadata.column_index()?.get(group)?.get(leaf)? else {
        return None;
    };
    let first_rows = metadata
        .offset_index()?
        .get(group)?
        .get(leaf)?
        .page_locations()
        .iter()
        .map(|page| page.first_row_index);
    let group_rows = metadata.row_group(group).num_rows();
    let ends = first_rows.clone().skip(1).chain([group_rows]);
    let selectors = first_rows.zip(ends).enumerate().map(|(page, (start, end))| {
        let rows = usize::try_from(end - start).unwrap_or(0);
        let touched = match (bounds.min_value(page), bounds.max_value(page)) {
            (Some(min), Some(max)) => ranges.touches(*min, *max),
            // A page of nulls only: no comparison with a key is true for it.
            _ => false,
        };
        if touched { RowSelector::select(rows) } else { RowSelector::skip(rows) }
    });
    Some(RowSelection::from_iter(selectors))
}
