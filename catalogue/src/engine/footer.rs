//! The footer of one Parquet file, read once when the catalogue opens, and its page index, read once when a
//! query first needs it. Reads no rows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use super::bounds;
use super::error::QueryError;

/// What people call a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    /// Its table: `schema.name`.
    pub(crate) table: String,
    /// The file relative to the data directory, with `/` between parts.
    pub(crate) file: String,
}

/// What one file says about itself.
#[derive(Debug)]
pub(crate) struct Footer {
    /// Where the file is.
    pub(crate) path: PathBuf,
    /// What people call it.
    pub(crate) name: FileName,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    plain: Arc<ParquetMetaData>,
    indexed: OnceLock<Arc<ParquetMetaData>>,
}

impl Footer {
    /// Reads the footer of the file at `path`, which [`bounds`] has found fit to be read.
    pub(crate) fn read(path: &Path, name: FileName) -> Result<Self, ParquetError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let plain = Arc::new(ParquetMetaDataReader::new().parse_and_finish(&file)?);
        Ok(Self { path: path.to_owned(), name, bytes, plain, indexed: OnceLock::new() })
    }

    /// Rows, row groups, schema and chunk statistics; with the page index once it has been read.
    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.indexed.get().unwrap_or(&self.plain)
    }

    /// The same with the page index, as far as the file has one. Blocks on the file the first time.
    pub(crate) fn indexed(&self) -> Result<&Arc<ParquetMetaData>, ParquetError> {
        if let Some(indexed) = self.indexed.get() {
            return Ok(indexed);
        }
        let file = File::open(&self.path)?;
        bounds::extent::page_indexes(&file, self.bytes, &self.plain)
            .map_err(|defect| self.broken(&defect))?;
        let mut reader = ParquetMetaDataReader::new_with_metadata(ParquetMetaData::clone(&self.plain))
            .with_page_index_policy(PageIndexPolicy::Optional);
        let read = bounds::caught(|| reader.read_page_indexes(&file).and_then(|()| reader.finish()));
        let indexed = Arc::new(read.map_err(|error| self.broken(&error))?);
        bounds::extent::pages(self.bytes, &indexed).map_err(|defect| self.broken(&defect))?;
        Ok(self.indexed.get_or_init(|| indexed))
    }

    fn broken(&self, problem: &dyn std::fmt::Display) -> ParquetError {
        let FileName { table, file } = self.name.clone();
        let problem = format!("file {file}: its page index is broken: {problem}");
        ParquetError::External(Box::new(QueryError::Unreadable { table, problem }))
    }

    /// Rows of the file.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.plain.file_metadata().num_rows()).unwrap_or(0)
    }

    /// The position of a top-level column among the file's leaf columns.
    pub(crate) fn leaf(&self, column: &str) -> Option<usize> {
        let leaves = self.plain.file_metadata().schema_descr().columns();
        leaves.iter().position(|leaf| matches!(leaf.path().parts(), [name] if name == column))
    }
}
