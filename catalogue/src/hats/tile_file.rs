//! One tile's file, written piece by piece.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::HatsError;
use super::encoding::{Kind, writer_properties};

/// A file of sorted rows in the encoding of our tables. Its pages depend on how many rows are written at a time.
pub struct TileFile {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl TileFile {
    /// Begins the file of a table of this kind.
    pub fn create(path: &Path, kind: Kind, schema: &SchemaRef) -> Result<Self, HatsError> {
        let encoding = writer_properties(kind, schema)
            .map_err(|source| HatsError::Parquet { path: path.to_owned(), source: source.into() })?;
        Self::with_encoding(path, encoding, schema)
    }

    pub(super) fn with_encoding(
        path: &Path,
        encoding: WriterProperties,
        schema: &SchemaRef,
    ) -> Result<Self, HatsError> {
        let file = File::create(path).map_err(HatsError::io("create", path))?;
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(encoding));
        let writer = writer.map_err(|source| HatsError::Parquet { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Writes rows behind those that are there.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), HatsError> {
        self.writer.write(rows).map_err(|source| HatsError::Parquet { path: self.path.clone(), source })
    }

    /// Ends the file and waits until it is on disk; gives its bytes.
    pub fn finish(self) -> Result<u64, HatsError> {
        let Self { path, writer } = self;
        let file = writer.into_inner().map_err(|source| HatsError::Parquet { path: path.clone(), source })?;
        file.sync_all().map_err(HatsError::io("sync", &path))?;
        Ok(file.metadata().map_err(HatsError::io("read", &path))?.len())
    }
}
