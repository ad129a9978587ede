//! Parquet: the columns as the file has them, with the field metadata `unit`, `ucd` and `description`.

use std::fs::File;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::file_error::FileError;
use super::frame::Framer;
use super::places::Places;
use super::sheet::{About, Column, PIECE_BYTES, Piece, Values};
use super::source::{Source, cut};

/// What ends every Parquet file (Parquet format, "File format").
const MAGIC: &[u8] = b"PAR1";

/// Rows decoded at a time, at most.
const MAX_BATCH_ROWS: usize = 16_384;

/// Reads a Parquet file, one row group after the other.
pub(super) fn read(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    if !ends_whole(source)? {
        return Err(cut());
    }
    let file = File::open(source.path())?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let schema = metadata.schema();
    framer.begin(schema.fields().iter().map(|field| column(field)).collect())?;
    let mut before = 0;
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        let damaged = |error: ArrowError| FileError::ParquetGroup {
            row_group: number,
            offset: group.columns().first().map_or(0, |column| column.byte_range().0),
            source: error,
        };
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone()?, metadata.clone());
        let rows = group.num_rows().max(1) as u64;
        let row_bytes = (group.total_byte_size().max(0) as u64 / rows).max(1);
        let batch_rows = (PIECE_BYTES as u64 / row_bytes).clamp(1, MAX_BATCH_ROWS as u64) as usize;
        let reader: ParquetRecordBatchReader =
            builder.with_row_groups(vec![number]).with_batch_size(batch_rows).build()?;
        for batch in reader {
            let batch = batch.map_err(damaged)?;
            let values = batch.columns().iter().map(plain_values).collect::<Result<_, _>>()?;
            framer.rows(Piece { values, places: Places::After(before) })?;
            before += batch.num_rows() as u64;
        }
    }
    Ok(())
}

/// Whether the end of the file is there; without it there is no footer to be read.
fn ends_whole(source: &Source) -> Result<bool, FileError> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(source.path())?;
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(source.size().saturating_sub(MAGIC.len() as u64)))?;
    file.read_to_end(&mut end)?;
    Ok(end == MAGIC)
}

fn column(field: &Field) -> Column {
    let stated = |key: &str| field.metadata().get(key).cloned();
    let about = About { unit: stated("unit"), ucd: stated("ucd"), description: stated("description") };
    Column { name: field.name().clone(), about, values: Values::Declared(plain(field.data_type())) }
}

fn plain_values(values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    cast(values, &plain(values.data_type()))
}

/// One spelling for types that differ in layout only, so that files from different writers fit together.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}
