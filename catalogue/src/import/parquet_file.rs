//! Parquet: the columns as the file has them, with the field metadata `unit`, `ucd` and `description`.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::file_error::FileError;
use super::sheet::{About, Column, Places, Sheet};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 65_536;

/// Reads a Parquet file whose columns take at most `limit_bytes` in memory.
pub(super) fn read(path: &Path, limit_bytes: usize) -> Result<Sheet, FileError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = builder.schema().clone();
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut bytes = 0;
    for batch in builder.with_batch_size(BATCH_ROWS).build()? {
        let batch = batch?;
        bytes += batch.get_array_memory_size();
        if bytes > limit_bytes {
            return Err(FileError::TooLarge { limit_bytes });
        }
        batches.push(batch);
    }
    let whole = concat_batches(&schema, &batches)?;
    let columns = schema.fields().iter().zip(whole.columns());
    let columns = columns.map(|(field, values)| column(field, values)).collect::<Result<_, _>>()?;
    Ok(Sheet { columns, places: Places::Rows, remarks: Vec::new() })
}

fn column(field: &Field, values: &ArrayRef) -> Result<Column, FileError> {
    let stated = |key: &str| field.metadata().get(key).cloned();
    let about = About { unit: stated("unit"), ucd: stated("ucd"), description: stated("description") };
    let values = cast(values, &plain(values.data_type()))?;
    Ok(Column { name: field.name().clone(), about, data_type: Some(values.data_type().clone()), values })
}

/// One spelling for types that differ in layout only, so that files from different writers fit together.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}
