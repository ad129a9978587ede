//! The footers of the files that queries read: each is read when it is first needed, compared with what the
//! index says about the file, and kept while there is room.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use bytes::Bytes;
use datafusion::parquet::DecodeResult;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, ParquetMetaDataReader,
};

use super::footer::{END_BYTES, told_bytes};
use super::index::{self, Entry};
use super::mark::mark;

/// When room is needed, this part of what is kept goes at once, the longest unused first.
const FREED: usize = 4;

/// What is kept for who only passes by: enough for the files that threads are at.
const PASSING_BYTES: usize = 4 << 20;

/// Footers with the places of pages, by the file's place in the data directory.
#[derive(Debug)]
pub(crate) struct Footers {
    data_dir: PathBuf,
    limit_bytes: usize,
    kept: Mutex<Kept>,
    /// Where others may be, and none is added.
    elsewhere: Option<Arc<Footers>>,
}

#[derive(Debug, Default)]
struct Kept {
    footers: HashMap<Box<str>, KeptFooter>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct KeptFooter {
    metadata: Arc<ParquetMetaData>,
    modified: SystemTime,
    bytes: usize,
    last_use: u64,
}

impl Footers {
    /// Footers of files below `data_dir`, of which at most about `limit_bytes` are kept.
    pub(crate) fn new(data_dir: &Path, limit_bytes: usize) -> Self {
        Self { data_dir: data_dir.to_owned(), limit_bytes, kept: Mutex::default(), elsewhere: None }
    }

    /// The same for who goes through whole tables once: these find what is kept, and keep little themselves. Memory
    /// would grow with the tables otherwise, and drive out what others come back to.
    pub(crate) fn in_passing(self: &Arc<Self>) -> Arc<Self> {
        let limit_bytes = self.limit_bytes.min(PASSING_BYTES);
        Arc::new(Self { elsewhere: Some(Arc::clone(self)), ..Self::new(&self.data_dir, limit_bytes) })
    }

    /// The footer of a file, with the places of its pages as far as it has them. Blocks on the file when it
    /// is not kept. Fails when the file is not the one that was indexed.
    pub(crate) fn get(&self, location: &str, entry: &Entry) -> Result<Arc<ParquetMetaData>, ParquetError> {
        let path = self.path(location);
        let file = fs::metadata(&path)?;
        let modified = file.modified()?;
        if file.len() != entry.bytes {
            return Err(self.changed(location));
        }
        if let Some(metadata) = self.find(location, modified) {
            return Ok(metadata);
        }
        let metadata = Arc::new(read(&path, entry)?.ok_or_else(|| self.changed(location))?);
        self.kept().keep(location, Arc::clone(&metadata), modified, self.limit_bytes);
        Ok(metadata)
    }

    /// Where a file is.
    pub(crate) fn path(&self, location: &str) -> PathBuf {
        self.data_dir.join(location)
    }

    /// Whether a footer can be had without reading.
    pub(crate) fn has(&self, location: &str) -> bool {
        self.kept().footers.contains_key(location)
            || self.elsewhere.as_ref().is_some_and(|others| others.has(location))
    }

    fn find(&self, location: &str, modified: SystemTime) -> Option<Arc<ParquetMetaData>> {
        let found = self.kept().find(location, modified);
        found.or_else(|| self.elsewhere.as_ref()?.find(location, modified))
    }

    /// The error for a file that is not the one that was indexed; makes true what it advises.
    fn changed(&self, location: &str) -> ParquetError {
        let advice = match index::discard(&self.data_dir, &self.path(location)) {
            Ok(()) => "restart the server, which will index it anew".to_owned(),
            Err(index) => format!("remove {} and restart the server", index.display()),
        };
        ParquetError::General(format!("{location} has changed since it was indexed: {advice}"))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no thread panics while it holds this lock")
    }
}

impl Kept {
    fn find(&mut self, location: &str, modified: SystemTime) -> Option<Arc<ParquetMetaData>> {
        self.uses += 1;
        let footer = self.footers.get_mut(location).filter(|footer| footer.modified == modified)?;
        footer.last_use = self.uses;
        Some(Arc::clone(&footer.metadata))
    }

    fn keep(
        &mut self,
        location: &str,
        metadata: Arc<ParquetMetaData>,
        modified: SystemTime,
        limit_bytes: usize,
    ) {
        let bytes = metadata.memory_size();
        let footer = KeptFooter { metadata, modified, bytes, last_use: self.uses };
        self.bytes += bytes;
        if let Some(old) = self.footers.insert(location.into(), footer) {
            self.bytes -= old.bytes;
        }
        if self.bytes > limit_bytes {
            self.free(limit_bytes - limit_bytes / FREED);
        }
    }

    fn free(&mut self, wanted_bytes: usize) {
        let mut by_use: Vec<(u64, Box<str>)> =
            self.footers.iter().map(|(location, footer)| (footer.last_use, location.clone())).collect();
        by_use.sort_unstable();
        for (_, location) in by_use {
            if self.bytes <= wanted_bytes {
                return;
            }
            self.bytes -= self.footers.remove(&location).map_or(0, |footer| footer.bytes);
        }
    }
}

/// The footer of a file, or nothing when the file is not the one that was indexed.
fn read(path: &Path, entry: &Entry) -> Result<Option<ParquetMetaData>, ParquetError> {
    let mut file = File::open(path)?;
    let start = entry.bytes.saturating_sub(entry.tail_bytes);
    let tail = read_range(&mut file, start..entry.bytes)?;
    if mark(&tail) != entry.mark {
        return Ok(None);
    }
    let Some((_, end)) = tail.split_last_chunk::<END_BYTES>() else { return Ok(None) };
    let footer_end = tail.len() - END_BYTES;
    let Some(footer_start) = footer_end.checked_sub(usize::try_from(told_bytes(end))?) else {
        return Ok(None);
    };
    let metadata = ParquetMetaDataReader::decode_metadata(&tail[footer_start..footer_end])?;
    let mut decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(entry.bytes, metadata)?
        .with_column_index_policy(PageIndexPolicy::Skip)
        .with_offset_index_policy(PageIndexPolicy::Optional);
    decoder.push_range(start..entry.bytes, tail)?;
    loop {
        match decoder.try_decode()? {
            DecodeResult::Data(metadata) => return Ok(Some(metadata)),
            DecodeResult::Finished => {
                return Err(ParquetError::General(format!("{} has no footer", path.display())));
            }
            DecodeResult::NeedsData(ranges) => {
                let bytes = ranges.iter().map(|range| read_range(&mut file, range.clone()));
                let bytes = bytes.collect::<Result<_, _>>()?;
                decoder.push_ranges(ranges, bytes)?;
            }
        }
    }
}

fn read_range(file: &mut File, range: std::ops::Range<u64>) -> Result<Bytes, ParquetError> {
    let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch};

    use super::*;
    use crate::engine::{Catalogue, Limits};
    use crate::hats::{Kind, TableMeta, Writer};
    use crate::healpix;

    /// A table of two files with a row each.
    fn write(dir: &Path) {
        let rows = |npix| {
            let key: ArrayRef = Arc::new(Int64Array::from(vec![*healpix::tile_range(0, npix).start()]));
            let nothing: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![0.0]));
            let columns = [(healpix::COLUMN, key), ("ra", Arc::clone(&nothing)), ("dec", nothing)];
            RecordBatch::try_from_iter(columns).expect("columns of one row")
        };
        let meta = TableMeta {
            name: "stars".into(),
            title: "Stars".into(),
            description: "A test".into(),
            kind: Kind::Catalogue,
            ra_column: "ra".into(),
            dec_column: "dec".into(),
            properties: Default::default(),
        };
        let writer = Writer::create(dir, meta, rows(3).schema()).expect("a new table");
        for npix in [3, 8] {
            writer.write_tile(0, npix, &[rows(npix)]).expect("a tile");
        }
        writer.finish().expect("a whole table");
    }

    #[test]
    fn who_passes_by_finds_what_is_kept_and_adds_nothing() {
        let data = tempfile::tempdir().expect("a directory");
        let dir = data.path().join("stars");
        write(&dir);
        Catalogue::open(data.path(), Limits::default()).expect("a table that gets its index");
        let (_, index) = index::load(&dir).expect("the index");
        let [first, second] = index.files.as_slice() else { panic!("two files") };
        let place = |entry: &Entry| format!("stars/{}", entry.location);
        let (here, there) = (place(first), place(second));
        let footers = Arc::new(Footers::new(data.path(), 1 << 20));
        let kept = footers.get(&here, first).expect("a footer");
        let passing = footers.in_passing();
        assert!(passing.has(&here) && !passing.has(&there));
        assert!(Arc::ptr_eq(&passing.get(&here, first).expect("a footer"), &kept));
        passing.get(&there, second).expect("a footer");
        assert!(passing.has(&there) && !footers.has(&there));
    }
}
