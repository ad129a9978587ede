//! Makes the index of a table from its files: from the page index where a file has one, else from the
//! statistics of its row groups, else without bounds. Reads no rows.

use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use datafusion::parquet::file::statistics::Statistics;
use rayon::prelude::*;

use super::{Entry, Index, Zones};
use crate::engine::narrow::{KeyColumns, SOURCE_ID};
use crate::engine::table::Tile;

/// The smallest and largest key of some rows; `None` when they have no keys.
pub(super) type Bounds = Option<(i64, i64)>;

/// Bounds of rows about which nothing is known.
const UNKNOWN: Bounds = Some((i64::MIN, i64::MAX));

/// What one file adds to an index.
pub(super) struct Pages {
    pub(super) entry: Entry,
    pub(super) first_rows: Vec<u32>,
    pub(super) healpix: Vec<Bounds>,
    pub(super) source_id: Vec<Bounds>,
    pub(super) column_bytes: Vec<u64>,
}

impl Index {
    /// The index of `tiles`, which are in the order of the sky and lie below `table_dir`, relative to the data
    /// directory. Fails with the number of the tile whose file is at fault, and why.
    pub(crate) fn build(table_dir: &str, tiles: &[Tile], keys: &KeyColumns) -> Result<Self, (usize, String)> {
        let pages: Vec<Pages> = tiles
            .par_iter()
            .enumerate()
            .map(|(number, tile)| pages(table_dir, tile, keys).map_err(|error| (number, error)))
            .collect::<Result<_, _>>()?;
        let has = |column: Option<&str>| {
            column.is_some_and(|column| tiles.iter().any(|tile| tile.footer.leaf(column).is_some()))
        };
        Ok(Self::joined(pages, has(keys.healpix.as_deref()), has(Some(SOURCE_ID))))
    }

    /// The index of files whose pages are known.
    pub(super) fn joined(pages: Vec<Pages>, has_healpix: bool, has_source_id: bool) -> Self {
        let zones = |bounds: fn(&Pages) -> &Vec<Bounds>| {
            Zones::new(&pages.iter().flat_map(bounds).copied().collect::<Vec<Bounds>>())
        };
        let healpix = has_healpix.then(|| zones(|pages| &pages.healpix));
        let source_id = has_source_id.then(|| zones(|pages| &pages.source_id));
        let columns = pages.iter().map(|pages| pages.column_bytes.len()).max().unwrap_or(0);
        let mut column_bytes = vec![0; columns];
        let (mut files, mut first_rows) = (Vec::with_capacity(pages.len()), Vec::new());
        for Pages { mut entry, first_rows: rows, column_bytes: bytes, .. } in pages {
            entry.first_page = first_rows.len() as u32;
            first_rows.extend(rows);
            column_bytes.iter_mut().zip(bytes).for_each(|(sum, bytes)| *sum += bytes);
            files.push(entry);
        }
        Self::new(files, column_bytes, first_rows.into(), healpix, source_id)
    }
}

/// Looks at one file.
pub(super) fn pages(table_dir: &str, tile: &Tile, keys: &KeyColumns) -> Result<Pages, String> {
    let footer = &tile.footer;
    let metadata = footer.page_index()?;
    let tail = footer.tail().map_err(|error| error.to_string())?;
    let healpix = keys.healpix.as_deref().and_then(|column| footer.leaf(column));
    let source_id = footer.leaf(SOURCE_ID);
    let first_rows = first_rows(&metadata, healpix.or(source_id));
    let rows = metadata.file_metadata().num_rows();
    let bounds = |leaf: Option<usize>| match leaf {
        Some(leaf) => bounds(&metadata, leaf, &first_rows),
        None => vec![UNKNOWN; first_rows.len()],
    };
    let narrow = |row: i64| u32::try_from(row).map_err(|_| too_long(rows));
    let location = tile.location.strip_prefix(table_dir).unwrap_or(&tile.location).trim_start_matches('/');
    Ok(Pages {
        entry: Entry {
            order: tile.order,
            npix: tile.npix,
            location: location.into(),
            bytes: footer.bytes,
            rows: narrow(rows)?,
            splits: group_starts(&metadata).skip(1).map(narrow).collect::<Result<_, _>>()?,
            tail_bytes: tail.bytes,
            mark: tail.mark,
            first_page: 0,
        },
        healpix: bounds(healpix),
        source_id: bounds(source_id),
        column_bytes: column_bytes(&metadata),
        first_rows: first_rows.iter().map(|&row| narrow(row)).collect::<Result<_, _>>()?,
    })
}

fn too_long(rows: i64) -> String {
    format!("{rows} rows are too many for one file: split it into smaller tiles")
}

/// The row of the file at which each row group begins.
fn group_starts(metadata: &ParquetMetaData) -> impl Iterator<Item = i64> {
    metadata.row_groups().iter().scan(0, |next, group| {
        let start = *next;
        *next += group.num_rows();
        Some(start)
    })
}

/// The row of the file at which each page of a column begins; row groups without page index are one page.
fn first_rows(metadata: &ParquetMetaData, leaf: Option<usize>) -> Vec<i64> {
    let starts = group_starts(metadata).zip(metadata.row_groups()).enumerate();
    let pages = starts.filter(|(_, (_, group))| group.num_rows() > 0).flat_map(|(number, (start, _))| {
        let offsets = metadata.offset_index().and_then(|index| index.get(number)?.get(leaf?));
        match offsets.map(|offsets| offsets.page_locations().as_slice()) {
            Some([]) | None => vec![start],
            Some(pages) => pages.iter().map(|page| start + page.first_row_index).collect(),
        }
    });
    pages.collect()
}

/// Bounds of a column for the rows from each of `first_rows` to the next. The column's own pages may be others.
fn bounds(metadata: &ParquetMetaData, leaf: usize, first_rows: &[i64]) -> Vec<Bounds> {
    let own = first_rows_with_bounds(metadata, leaf);
    let end_of_file = metadata.file_metadata().num_rows();
    let ends = first_rows.iter().skip(1).copied().chain([end_of_file]);
    let spans = first_rows.iter().zip(ends).map(|(&start, end)| {
        let first = own.partition_point(|(own_start, _)| *own_start <= start).saturating_sub(1);
        let touched = own[first..].iter().take_while(|(own_start, _)| *own_start < end);
        touched.filter_map(|(_, bounds)| *bounds).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    });
    spans.collect()
}

fn first_rows_with_bounds(metadata: &ParquetMetaData, leaf: usize) -> Vec<(i64, Bounds)> {
    let starts = group_starts(metadata).enumerate();
    let pages = starts.flat_map(|(number, start)| match page_bounds(metadata, number, leaf) {
        Some(pages) => pages.into_iter().map(|(row, bounds)| (start + row, bounds)).collect(),
        None => vec![(start, group_bounds(metadata, number, leaf))],
    });
    pages.collect()
}

fn page_bounds(metadata: &ParquetMetaData, group: usize, leaf: usize) -> Option<Vec<(i64, Bounds)>> {
    let ColumnIndexMetaData::INT64(values) = metadata.column_index()?.get(group)?.get(leaf)? else {
        return None;
    };
    let pages = metadata.offset_index()?.get(group)?.get(leaf)?.page_locations();
    let bounds = |page| values.min_value(page).copied().zip(values.max_value(page).copied());
    Some(pages.iter().enumerate().map(|(page, place)| (place.first_row_index, bounds(page))).collect())
}

fn group_bounds(metadata: &ParquetMetaData, group: usize, leaf: usize) -> Bounds {
    match metadata.row_group(group).column(leaf).statistics() {
        Some(Statistics::Int64(values)) => {
            values.min_opt().copied().zip(values.max_opt().copied()).or(UNKNOWN)
        }
        _ => UNKNOWN,
    }
}

/// Compressed bytes of the top-level columns.
fn column_bytes(metadata: &ParquetMetaData) -> Vec<u64> {
    let schema = metadata.file_metadata().schema_descr();
    let mut bytes = vec![0; schema.root_schema().get_fields().len()];
    for group in metadata.row_groups() {
        for (leaf, column) in group.columns().iter().enumerate() {
            bytes[schema.get_column_root_idx(leaf)] += u64::try_from(column.compressed_size()).unwrap_or(0);
        }
    }
    bytes
}
