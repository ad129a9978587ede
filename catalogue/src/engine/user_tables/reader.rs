//! How the engine reads the open files of users' tables. The bytes count as a query's other bytes do, and pages are
//! checked as those of the catalogue are: a disk may damage what we wrote ourselves.

use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::open::OpenFile;
use crate::engine::bounds;
use crate::engine::share::Meter;

/// Makes readers for files that carry an [`OpenFile`] as an extension.
#[derive(Debug)]
pub(super) struct Readers {
    /// Counts the bytes of the query that reads.
    pub(super) meter: Option<Arc<Meter>>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let open = file.extension::<Arc<OpenFile>>().cloned();
        let open = open.ok_or_else(|| internal_datafusion_err!("a file that is not open"))?;
        let metrics = ParquetFileMetrics::new(partition, &open.label, metrics);
        Ok(Box::new(Reader { open, meter: self.meter.clone(), metrics }))
    }
}

/// Reads on the thread that wants the bytes: a query's threads are its user's own.
struct Reader {
    open: Arc<OpenFile>,
    meter: Option<Arc<Meter>>,
    metrics: ParquetFileMetrics,
}

impl Reader {
    fn pages(&self, range: &Range<u64>) -> Result<Bytes, ParquetError> {
        let read = self.bytes(range)?;
        bounds::pages(&read, range.start)?;
        Ok(read)
    }

    fn bytes(&self, range: &Range<u64>) -> Result<Bytes, ParquetError> {
        let length = usize::try_from(range.end - range.start)?;
        self.metrics.bytes_scanned.add(length);
        if let Some(meter) = &self.meter {
            meter.add(length as u64).map_err(|error| ParquetError::External(Box::new(error)))?;
        }
        let mut bytes = vec![0; length];
        self.open.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }

    fn footer(&self) -> Result<Arc<ParquetMetaData>, ParquetError> {
        if let Some(footer) = self.open.footer.get() {
            return Ok(Arc::clone(footer));
        }
        let (file, bytes) = (&self.open.file, self.open.bytes);
        bounds::footer(file, bytes)?;
        let read = bounds::caught(|| ParquetMetaDataReader::new().parse_and_finish(file));
        let footer = read.map_err(ParquetError::General)?;
        bounds::extent::chunks(bytes, &footer)?;
        Ok(Arc::clone(self.open.footer.get_or_init(|| Arc::new(footer))))
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        std::future::ready(self.bytes(&range)).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let read = ranges.iter().map(|range| self.pages(range)).collect();
        std::future::ready(read).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        std::future::ready(self.footer()).boxed()
    }
}
