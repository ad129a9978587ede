//! Files that are all there except for their data: a footer and the indexes of pages at the end of a hole.
//!
//! They are for measuring what grows with a table and what does not: a billion rows' worth of them fits on a laptop.
//! Their rows cannot be read; who asks for one gets the error of a damaged file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::{HatsError, Partition, Writer};
use crate::hats::layout;

/// Every Parquet file begins with these bytes.
const MAGIC: &[u8] = b"PAR1";

impl Writer {
    /// Does what [`Writer::write_tile`] does, and leaves out the data pages: a hole that takes no space.
    pub fn write_hollow_tile(&self, order: u8, npix: u64, rows: &[RecordBatch]) -> Result<(), HatsError> {
        let count: u64 = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        if count == 0 {
            return Ok(());
        }
        let path = self.staging.dir().join(layout::tile_path(order, npix));
        let parquet = |source| HatsError::Parquet { path: path.clone(), source };
        let (bytes, tail) = self.encode(rows).map_err(parquet)?;
        write_tail(&path, &bytes, tail).map_err(HatsError::io("write", &path))?;
        let tile = Partition { order, npix, rows: Some(count) };
        self.tiles
            .lock()
            .expect("no thread panics while it holds this lock")
            .push((tile, bytes.len() as u64));
        Ok(())
    }

    /// The whole file in memory, and where its indexes begin.
    fn encode(&self, rows: &[RecordBatch]) -> Result<(Vec<u8>, usize), ParquetError> {
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, self.schema.clone(), Some(self.encoding.clone()))?;
        rows.iter().try_for_each(|batch| writer.write(batch))?;
        let tail = indexes_begin(&writer.close()?);
        Ok((bytes, tail))
    }
}

/// The indexes of pages are the last before the footer.
fn indexes_begin(metadata: &ParquetMetaData) -> usize {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let offsets = chunks.flat_map(|chunk| [chunk.column_index_offset(), chunk.offset_index_offset()]);
    offsets.flatten().min().and_then(|offset| usize::try_from(offset).ok()).unwrap_or(MAGIC.len())
}

fn write_tail(path: &Path, bytes: &[u8], tail: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().expect("the path of a file inside the table"))?;
    let file = File::create(path)?;
    file.set_len(bytes.len() as u64)?;
    file.write_all_at(MAGIC, 0)?;
    file.write_all_at(&bytes[tail..], tail as u64)
}
