//! The footer of one Parquet file, as it is read when a table is opened without an index. Reads no rows, and
//! keeps nothing that [`Footers`](super::footers::Footers) keeps while queries run.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use super::bounds;
use super::mark::mark;

/// Bytes after the footer: its length and the end mark of Parquet.
pub(crate) const END_BYTES: usize = 8;

/// A file whose pages' places begin farther from its end keeps them elsewhere.
const LONGEST_TAIL: u64 = 64 << 20;

/// What one file says about itself.
#[derive(Debug)]
pub(crate) struct Footer {
    /// Where the file is.
    pub(crate) path: PathBuf,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    metadata: Arc<ParquetMetaData>,
}

/// The end of a file, which says where everything else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Its size in bytes: the footer, and before it the places of the pages where a file has them.
    pub(crate) bytes: u64,
    /// A hash of these bytes.
    pub(crate) mark: u64,
}

impl Footer {
    /// Reads the footer of the file at `path`, which [`bounds`] has found fit to be read.
    pub(crate) fn read(path: &Path) -> Result<Self, ParquetError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let metadata = Arc::new(ParquetMetaDataReader::new().parse_and_finish(&file)?);
        Ok(Self { path: path.to_owned(), bytes, metadata })
    }

    /// Rows, row groups, schema and chunk statistics.
    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        &self.metadata
    }

    /// The same with the page index, as far as the file has one. Blocks on the file.
    pub(crate) fn page_index(&self) -> Result<ParquetMetaData, String> {
        let broken = |problem: &dyn Display| format!("its page index is broken: {problem}");
        let file = File::open(&self.path).map_err(|error| broken(&error))?;
        bounds::extent::page_indexes(&file, self.bytes, &self.metadata).map_err(|defect| broken(&defect))?;
        let mut reader = ParquetMetaDataReader::new_with_metadata(ParquetMetaData::clone(&self.metadata))
            .with_page_index_policy(PageIndexPolicy::Optional);
        let read = bounds::caught(|| reader.read_page_indexes(&file).and_then(|()| reader.finish()));
        let indexed = read.map_err(|error| broken(&error))?;
        bounds::extent::pages(self.bytes, &indexed).map_err(|defect| broken(&defect))?;
        Ok(indexed)
    }

    /// The end of the file. Blocks on the file.
    pub(crate) fn tail(&self) -> Result<Tail, io::Error> {
        let mut file = File::open(&self.path)?;
        let footer = footer_bytes(&mut file, self.bytes)?;
        let columns = self.metadata.row_groups().iter().flat_map(|group| group.columns());
        let places = columns.filter_map(|column| u64::try_from(column.offset_index_offset()?).ok()).min();
        let with_places = places.map_or(footer, |places| self.bytes.saturating_sub(places).max(footer));
        let bytes = if with_places <= LONGEST_TAIL { with_places } else { footer };
        let mut tail = vec![0; usize::try_from(bytes).unwrap_or(0)];
        file.seek(SeekFrom::Start(self.bytes - bytes))?;
        file.read_exact(&mut tail)?;
        Ok(Tail { bytes, mark: mark(&tail) })
    }

    /// Rows of the file.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.file_metadata().num_rows()).unwrap_or(0)
    }

    /// The position of a top-level column among the file's leaf columns.
    pub(crate) fn leaf(&self, column: &str) -> Option<usize> {
        let leaves = self.metadata.file_metadata().schema_descr().columns();
        leaves.iter().position(|leaf| matches!(leaf.path().parts(), [name] if name == column))
    }
}

/// The length of the footer, with the bytes after it.
fn footer_bytes(file: &mut File, file_bytes: u64) -> io::Result<u64> {
    let mut end = [0; END_BYTES];
    file.seek(SeekFrom::Start(file_bytes.saturating_sub(END_BYTES as u64)))?;
    file.read_exact(&mut end)?;
    Ok((told_bytes(&end) + END_BYTES as u64).min(file_bytes))
}

/// The length of the footer that the last bytes of a file tell.
pub(crate) fn told_bytes(end: &[u8; END_BYTES]) -> u64 {
    u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]))
}
