//! Runs: some rows of one file, sorted along the sky, that wait on disk until all files have been read.
//!
//! An Arrow file with short batches, and beside it an index that says which pixels each batch has. Both are written by
//! us in this import and are not kept.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{interleave_record_batch, take_record_batch};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use serde::{Deserialize, Serialize};

use super::histogram;
use crate::healpix;

/// Rows of a batch, the least that is read for a slice, at most;
const BATCH_ROWS: u64 = 2048;
/// fewer where they are long.
const BATCH_BYTES: u64 = 1 << 20;

/// A run on disk.
pub(super) struct Run {
    path: PathBuf,
    index: Index,
}

#[derive(Serialize, Deserialize)]
struct Index {
    /// The first and the last pixel of order 29 of every batch.
    spans: Vec<(i64, i64)>,
    /// Cells of the histogram that have rows, and how many.
    cells: Vec<(u32, u32)>,
    /// Bytes of all rows in memory.
    bytes: u64,
}

/// Where a row is: pixel, source_id, batch, row. Sorts by place on the sky, then by id, then by order of arrival.
type Key = (i64, i64, u32, u32);

/// Rows of several batches in the order of the table, so many at a time.
pub(super) fn sorted(
    batches: &[RecordBatch],
    chunk_rows: usize,
) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> + '_ {
    let mut keys: Vec<Key> = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (number, batch) in (0u32..).zip(batches) {
        let ids = batch.column_by_name("source_id").and_then(|ids| ids.as_primitive_opt::<Int64Type>());
        let id = |row: usize| ids.map_or(0, |ids| if ids.is_null(row) { i64::MIN } else { ids.value(row) });
        let pixels = pixels(batch).iter().enumerate();
        keys.extend(pixels.map(|(row, &pixel)| (pixel, id(row), number, row as u32)));
    }
    keys.sort_unstable();
    let refs: Vec<&RecordBatch> = batches.iter().collect();
    (0..keys.len()).step_by(chunk_rows).map(move |begin| {
        let chunk = &keys[begin..keys.len().min(begin + chunk_rows)];
        let rows: Vec<(usize, usize)> =
            chunk.iter().map(|&(_, _, batch, row)| (batch as usize, row as usize)).collect();
        interleave_record_batch(&refs, &rows)
    })
}

/// The index column of rows that have been placed.
pub(super) fn pixels(batch: &RecordBatch) -> &[i64] {
    let column = batch.column_by_name(healpix::COLUMN).expect("rows are placed before they are put aside");
    column.as_primitive::<Int64Type>().values()
}

/// Bytes of the rows of a batch, whatever its buffers hold besides.
pub(super) fn bytes(batch: &RecordBatch) -> u64 {
    let bytes = |column: &dyn Array| {
        column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(|column| bytes(column.as_ref()) as u64).sum()
}

/// Writes rows as a run; there is at least one row. The run is on disk when this returns.
pub(super) fn write(path: &Path, batches: &[RecordBatch]) -> Result<(), ArrowError> {
    let schema = batches[0].schema();
    let part = path.with_extension("part");
    let mut writer = FileWriter::try_new(BufWriter::new(File::create(&part)?), &schema)?;
    let mut index = Index { spans: Vec::new(), cells: Vec::new(), bytes: 0 };
    index.bytes = batches.iter().map(bytes).sum();
    for batch in sorted(batches, batch_rows(batches, index.bytes)) {
        let batch = batch?;
        let pixels = pixels(&batch);
        index.spans.push((pixels[0], pixels[pixels.len() - 1]));
        pixels.iter().for_each(|&pixel| count(&mut index.cells, histogram::cell_of(pixel)));
        writer.write(&batch)?;
    }
    writer.finish()?;
    let file = writer.into_inner()?.into_inner().map_err(|error| error.into_error())?;
    file.sync_all()?;
    let mut beside = File::create(index_path(path))?;
    beside.write_all(&serde_json::to_vec(&index).map_err(std::io::Error::from)?)?;
    beside.sync_all()?;
    fs::rename(&part, path)?;
    Ok(())
}

fn batch_rows(batches: &[RecordBatch], bytes: u64) -> usize {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let row_bytes = (bytes / rows.max(1) as u64).max(1);
    (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS) as usize
}

/// Counts one more row of a cell; cells come in order.
fn count(cells: &mut Vec<(u32, u32)>, cell: u32) {
    match cells.last_mut() {
        Some((last, rows)) if *last == cell => *rows += 1,
        _ => cells.push((cell, 1)),
    }
}

fn index_path(run: &Path) -> PathBuf {
    run.with_extension("index")
}

impl Run {
    /// Finds a run again.
    pub fn open(path: PathBuf) -> Result<Self, ArrowError> {
        let index = fs::read(index_path(&path))?;
        let index = serde_json::from_slice(&index).map_err(std::io::Error::from)?;
        Ok(Self { path, index })
    }

    /// The columns of its rows.
    pub fn schema(&self) -> Result<SchemaRef, ArrowError> {
        Ok(self.reader()?.schema())
    }

    /// Cells of the histogram that have rows, and how many.
    pub fn cells(&self) -> &[(u32, u32)] {
        &self.index.cells
    }

    /// Bytes of all rows in memory.
    pub fn bytes(&self) -> u64 {
        self.index.bytes
    }

    /// Rows whose pixel is within a range, in order. Batches that have few of them are not kept whole.
    pub fn rows(&self, range: &Range<i64>) -> Result<Vec<RecordBatch>, ArrowError> {
        self.batches(range)?.map(|batch| within(&batch?, range)).collect()
    }

    /// The batches that have such pixels, one after the other.
    fn batches(
        &self,
        range: &Range<i64>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, ArrowError> {
        let begin = self.index.spans.partition_point(|&(_, last)| last < range.start);
        let end = self.index.spans.partition_point(|&(first, _)| first < range.end);
        let mut reader = None;
        if begin < end {
            let mut found = self.reader()?;
            found.set_index(begin)?;
            reader = Some(found);
        }
        Ok(reader.into_iter().flatten().take(end.saturating_sub(begin)))
    }

    /// Adds the pixels of rows within a range, without their other columns.
    pub fn pixels(&self, range: &Range<i64>, pixels: &mut Vec<i64>) -> Result<(), ArrowError> {
        for batch in self.batches(range)? {
            let batch = batch?;
            let all = self::pixels(&batch);
            pixels.extend(all.iter().filter(|pixel| range.contains(pixel)));
        }
        Ok(())
    }

    fn reader(&self) -> Result<FileReader<BufReader<File>>, ArrowError> {
        FileReader::try_new_buffered(File::open(&self.path)?, None)
    }
}

fn within(batch: &RecordBatch, range: &Range<i64>) -> Result<RecordBatch, ArrowError> {
    let pixels = pixels(batch);
    let begin = pixels.partition_point(|&pixel| pixel < range.start);
    let end = pixels.partition_point(|&pixel| pixel < range.end);
    if end - begin == batch.num_rows() {
        return Ok(batch.clone());
    }
    take_record_batch(batch, &UInt32Array::from_iter_values(begin as u32..end as u32))
}
