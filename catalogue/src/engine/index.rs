//! The index of one table: which rows of which files can hold the keys of a query. Twenty bytes a page, so that
//! a table of a billion rows is searched in memory and none of its files is opened for it.
//!
//! Never decides a row: bounds are rounded outwards, and the filters of the query test every row that is left.
//! Nor does it trust itself: a file that is not as it was when it was indexed is an error when it is read.

mod build;
mod record;
mod stored;
mod zones;

use std::ops::{Range, RangeInclusive};

use arrow::buffer::ScalarBuffer;

use super::keys::KeyRanges;
use super::mark;
use super::narrow::Narrowing;
use crate::healpix;

pub(crate) use stored::{discard, load, save};
use zones::Rounded;
pub(crate) use zones::Zones;

/// One Parquet file of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// HEALPix order of the tile that the file belongs to.
    pub(crate) order: u8,
    /// Number of the tile in its order, nested.
    pub(crate) npix: u64,
    /// The file, relative to the table's directory, with `/` between parts.
    pub(crate) location: Box<str>,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    /// Rows of the file.
    pub(crate) rows: u32,
    /// Rows of each row group but the last: the row at which the next one begins.
    pub(crate) splits: Box<[u32]>,
    /// Bytes at the end of the file that hold its footer and the places of its pages.
    pub(crate) tail_bytes: u64,
    /// A hash of the footer: another file at the same place has another one.
    pub(crate) mark: u64,
    /// The first of the file's pages.
    first_page: u32,
}

/// Where the rows of a table are.
#[derive(Debug, PartialEq)]
pub(crate) struct Index {
    /// All files, in the order of the sky.
    pub(crate) files: Vec<Entry>,
    /// Bytes of each column in all files, by the position of the column.
    pub(crate) column_bytes: Vec<u64>,
    /// For every page of every file, the row of the file at which it begins.
    first_rows: ScalarBuffer<u32>,
    healpix: Option<Zones>,
    source_id: Option<Zones>,
    /// Bounds of `source_id` for every file.
    source_id_files: Vec<(u32, u32)>,
    rows: u64,
    row_groups: usize,
}

/// The part of a file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Number of the file in the index.
    pub(crate) file: usize,
    /// Rows of the file, ascending, neither empty nor touching.
    pub(crate) rows: Vec<Range<u32>>,
    /// How many pages these rows are.
    pub(crate) pages: usize,
}

impl Part {
    /// Rows of the part.
    pub(crate) fn row_count(&self) -> usize {
        self.rows.iter().map(|rows| (rows.end - rows.start) as usize).sum()
    }

    /// Row groups that the part touches.
    pub(crate) fn row_groups(&self, entry: &Entry) -> usize {
        let group = |row: u32| entry.splits.partition_point(|&split| split <= row);
        let (mut count, mut next) = (0, 0);
        for rows in &self.rows {
            let (first, last) = (group(rows.start).max(next), group(rows.end - 1));
            count += (last + 1).saturating_sub(first);
            next = next.max(last + 1);
        }
        count
    }
}

impl Index {
    fn new(
        files: Vec<Entry>,
        column_bytes: Vec<u64>,
        first_rows: ScalarBuffer<u32>,
        healpix: Option<Zones>,
        source_id: Option<Zones>,
    ) -> Self {
        let rows = files.iter().map(|file| u64::from(file.rows)).sum();
        let row_groups = files.iter().map(|file| file.splits.len() + 1).sum();
        let source_id_files = Vec::new();
        let mut index =
            Self { files, column_bytes, first_rows, healpix, source_id, source_id_files, rows, row_groups };
        if let Some(zones) = &index.source_id {
            let files = 0..index.files.len();
            index.source_id_files = files.map(|file| zones.hull(index.pages_of(file))).collect();
        }
        index
    }

    /// Rows of the table.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// A number that another set of files would not have.
    pub(crate) fn mark(&self) -> u64 {
        let mut told = Vec::new();
        for Entry { location, bytes, rows, mark, .. } in &self.files {
            told.extend_from_slice(location.as_bytes());
            told.extend([*bytes, u64::from(*rows), *mark].map(u64::to_le_bytes).as_flattened());
        }
        mark::mark(&told)
    }

    /// Row groups of all files.
    pub(crate) fn row_groups(&self) -> usize {
        self.row_groups
    }

    /// Pages of the table.
    pub(crate) fn pages(&self) -> usize {
        self.first_rows.len()
    }

    /// Bytes of memory that grow with the number of pages and files.
    pub(crate) fn memory_bytes(&self) -> usize {
        let zones = [&self.healpix, &self.source_id].into_iter().flatten().map(Zones::memory_bytes);
        let files = self.files.iter().map(|file| file.location.len() + 4 * file.splits.len());
        self.first_rows.len() * 4
            + zones.sum::<usize>()
            + self.files.len() * (size_of::<Entry>() + size_of::<(u32, u32)>())
            + files.sum::<usize>()
    }

    /// The parts that may hold rows with the keys of `narrowing`, in the order of the sky.
    pub(crate) fn parts(&self, narrowing: &Narrowing) -> Vec<Part> {
        let healpix = self.healpix.as_ref().zip(narrowing.healpix.as_ref());
        let healpix = healpix.map(|(zones, keys)| zones.round(keys));
        let source_id = self.source_id.as_ref().zip(narrowing.source_id.as_ref());
        let source_id = source_id.map(|(zones, keys)| zones.round(keys));
        let in_sky = match &narrowing.healpix {
            Some(keys) => self.files_in_sky(keys),
            None => (0..self.files.len()).collect(),
        };
        let may_hold = |file: &usize| {
            source_id.as_ref().is_none_or(|keys| {
                let (min, max) = self.source_id_files[*file];
                keys.touches(min, max)
            })
        };
        let wanted: Vec<&Rounded<'_>> = healpix.iter().chain(&source_id).collect();
        in_sky.into_iter().filter(may_hold).filter_map(|file| self.part(file, &wanted)).collect()
    }

    /// The files whose tile has any of the keys.
    fn files_in_sky(&self, keys: &KeyRanges) -> Vec<usize> {
        let tile = |file: &Entry| healpix::tile_range(file.order, file.npix);
        let mut files: Vec<usize> = Vec::new();
        for range in keys.ranges() {
            // Of many ranges, most end where the file of the one before has not ended yet.
            if files.last().is_some_and(|&last| *range.end() <= *tile(&self.files[last]).end()) {
                continue;
            }
            let first = self.files.partition_point(|file| *tile(file).end() < *range.start());
            let first = first.max(files.last().map_or(0, |last| last + 1));
            let touched = self.files[first..].iter().take_while(|file| *tile(file).start() <= *range.end());
            files.extend((first..).zip(touched).map(|(file, _)| file));
        }
        files
    }

    fn part(&self, file: usize, wanted: &[&Rounded<'_>]) -> Option<Part> {
        let mut part = Part { file, rows: Vec::new(), pages: 0 };
        for page in self.pages_of(file).filter(|&page| wanted.iter().all(|keys| keys.touch_page(page))) {
            let start = self.first_rows[page];
            let end = self.end_of(file, page);
            part.pages += 1;
            match part.rows.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => part.rows.push(start..end),
            }
        }
        (part.pages > 0).then_some(part)
    }

    /// The keys that rows may have, ascending, with the number of these rows: page by page where keys ascend, and else
    /// file by file.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (RangeInclusive<i64>, u64)> {
        let ascending = self.healpix.as_ref().filter(|zones| zones.ascend());
        (0..self.files.len()).flat_map(move |file| {
            let Entry { order, npix, rows, .. } = self.files[file];
            let tile = healpix::tile_range(order, npix);
            match ascending {
                Some(zones) => self.pieces_of(file, tile, zones),
                None => vec![(tile, u64::from(rows))],
            }
        })
    }

    /// Pages with the same rounded keys are one piece.
    fn pieces_of(
        &self,
        file: usize,
        tile: RangeInclusive<i64>,
        zones: &Zones,
    ) -> Vec<(RangeInclusive<i64>, u64)> {
        let mut pieces: Vec<(RangeInclusive<i64>, u64)> = Vec::new();
        for page in self.pages_of(file) {
            let rows = u64::from(self.end_of(file, page) - self.first_rows[page]);
            let start = zones.least_key(page);
            match pieces.last_mut() {
                None => pieces.push((tile.clone(), rows)),
                Some((keys, count)) if start <= *keys.start() || start > *tile.end() => *count += rows,
                Some((keys, _)) => {
                    *keys = *keys.start()..=start - 1;
                    pieces.push((start..=*tile.end(), rows));
                }
            }
        }
        pieces
    }

    /// The row after the last of a page.
    fn end_of(&self, file: usize, page: usize) -> u32 {
        let next = page + 1;
        if next == self.pages_of(file).end { self.files[file].rows } else { self.first_rows[next] }
    }

    fn pages_of(&self, file: usize) -> Range<usize> {
        let end = self.files.get(file + 1).map_or(self.first_rows.len(), |next| next.first_page as usize);
        self.files[file].first_page as usize..end
    }
}

#[cfg(test)]
mod billion;
#[cfg(test)]
mod tests;
