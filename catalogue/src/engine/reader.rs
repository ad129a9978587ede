//! How the engine reads byte ranges of a file: through the one object store of the data directory, with the
//! footer that is already in memory.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::bounds;
use super::footer::Footer;
use super::share::Meter;

/// Makes readers for files that carry their [`Footer`] as an extension.
#[derive(Debug)]
pub(crate) struct Readers {
    /// The store of the data directory.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Counts the bytes of the query that reads.
    pub(crate) meter: Option<Arc<Meter>>,
}

impl Readers {
    /// Readers of the same store that count what one query reads.
    pub(crate) fn counted_by(&self, meter: Option<Arc<Meter>>) -> Arc<Self> {
        Arc::new(Self { store: Arc::clone(&self.store), meter })
    }
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let footer = file.extension::<Arc<Footer>>().cloned();
        let footer = footer.ok_or_else(|| internal_datafusion_err!("a file without its footer"))?;
        let location = file.object_meta.location;
        let metrics = ParquetFileMetrics::new(partition, location.as_ref(), metrics);
        let (store, meter) = (Arc::clone(&self.store), self.meter.clone());
        Ok(Box::new(Reader { store, meter, location, footer, metrics }))
    }
}

struct Reader {
    store: Arc<dyn ObjectStore>,
    meter: Option<Arc<Meter>>,
    location: Path,
    footer: Arc<Footer>,
    metrics: ParquetFileMetrics,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        if let Err(error) = self.count(length(&range)) {
            return std::future::ready(Err(error)).boxed();
        }
        let read = self.store.get_range(&self.location, range);
        read.map(|bytes| bytes.map_err(external)).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let counted = self.count(ranges.iter().map(length).sum());
        async move {
            counted?;
            let read = self.store.get_ranges(&self.location, &ranges).await.map_err(external)?;
            // What is read in ranges are pages; the decoder believes their headers.
            for (bytes, range) in read.iter().zip(&ranges) {
                bounds::pages(bytes, range.start)?;
            }
            Ok(read)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let metadata = Arc::clone(self.footer.metadata());
        async move { Ok(metadata) }.boxed()
    }
}

impl Reader {
    fn count(&self, bytes: usize) -> Result<(), ParquetError> {
        self.metrics.bytes_scanned.add(bytes);
        let metered = self.meter.as_ref().map_or(Ok(()), |meter| meter.add(bytes as u64));
        metered.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
