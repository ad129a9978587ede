//! Parquet, with the columns described by a VOTable in the file's metadata (the VOParquet convention 1.0, IVOA note).

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::votable::without_rows;
use super::{About, Ending, Writer};
use crate::columns::of_schema;

/// Rows of one row group; as many are in memory.
const GROUP_ROWS: usize = 131_072;

/// Writes Parquet.
pub(super) struct Parquet {
    about: About,
    written: Piece,
    writer: Option<ArrowWriter<Piece>>,
}

/// What the writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Piece(Arc<Mutex<Vec<u8>>>);

impl Write for Piece {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Parquet {
    /// A writer of one file.
    pub(super) fn new(about: About) -> Self {
        Self { about, written: Piece::default(), writer: None }
    }

    fn take(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.written.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What the columns are. Structs have no place in VOTable, and a table with some is not described.
    fn description(&self, schema: &Schema) -> Result<Option<Vec<KeyValue>>, ArrowError> {
        if schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Struct(_))) {
            return Ok(None);
        }
        let document = without_rows(&of_schema(schema), &self.about)?;
        let pair = |key: &str, value: String| KeyValue::new(format!("IVOA.VOTable-Parquet.{key}"), value);
        Ok(Some(vec![pair("version", "1.0".to_owned()), pair("content", document)]))
    }
}

impl Writer for Parquet {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_key_value_metadata(self.description(schema)?)
            .build();
        let writer = ArrowWriter::try_new(self.written.clone(), Arc::new(schema.clone()), Some(properties));
        self.writer = Some(writer?);
        self.take(out);
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        if let Some(writer) = &mut self.writer {
            writer.write(batch)?;
        }
        self.take(out);
        Ok(())
    }

    fn end(&mut self, _: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        if let Some(writer) = self.writer.take() {
            writer.close()?;
        }
        self.take(out);
        Ok(true)
    }
}
