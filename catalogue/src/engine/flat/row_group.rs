//! The rows of one row group, batch after batch.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow_schema::DataType;
use bytes::Bytes;
use datafusion::common::Result;
use datafusion::parquet::errors::ParquetError;
use datafusion_datasource::morsel::Morsel;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::chunk::Chunk;
use super::layout::Place;
use super::wanted::Wanted;
use crate::engine::bounds::Defect;

/// Column chunks in memory, partly decoded.
pub(super) struct RowGroup {
    wanted: Arc<Wanted>,
    columns: Vec<Column>,
    rows_left: usize,
    batch_rows: usize,
}

enum Column {
    Float32(Chunk<Float32Type>),
    Float64(Chunk<Float64Type>),
}

impl RowGroup {
    /// A row group of `rows` rows, whose chunks at `places` consist of `bytes`.
    pub(super) fn new(
        wanted: Arc<Wanted>,
        places: Vec<Place>,
        bytes: Vec<Bytes>,
        rows: usize,
        batch_rows: usize,
    ) -> Self {
        let chunks = places.into_iter().zip(bytes).zip(wanted.columns.fields());
        let columns = chunks.map(|((place, bytes), field)| match field.data_type() {
            DataType::Float32 => Column::Float32(Chunk::new(place, bytes)),
            _ => Column::Float64(Chunk::new(place, bytes)),
        });
        Self { columns: columns.collect(), wanted, rows_left: rows, batch_rows: batch_rows.max(1) }
    }

    fn next(&mut self) -> Result<RecordBatch> {
        let rows = self.rows_left.min(self.batch_rows);
        self.rows_left -= rows;
        let columns: Result<Vec<ArrayRef>, Defect> =
            self.columns.iter_mut().map(|column| column.take(rows)).collect();
        self.wanted.project(columns.map_err(ParquetError::from)?, rows)
    }
}

impl Column {
    fn take(&mut self, rows: usize) -> Result<ArrayRef, Defect> {
        Ok(match self {
            Self::Float32(chunk) => Arc::new(chunk.take(rows)?),
            Self::Float64(chunk) => Arc::new(chunk.take(rows)?),
        })
    }
}

impl fmt::Debug for RowGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowGroup").field("rows_left", &self.rows_left).finish_non_exhaustive()
    }
}

impl Morsel for RowGroup {
    /// After an error nothing follows.
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        stream::iter(Batches(*self)).boxed()
    }
}

struct Batches(RowGroup);

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.rows_left == 0 {
            return None;
        }
        let batch = self.0.next();
        if batch.is_err() {
            self.0.rows_left = 0;
        }
        Some(batch)
    }
}
