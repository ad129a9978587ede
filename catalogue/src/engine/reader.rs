//! How the engine reads byte ranges of a file: through the one object store of the data directory, with
//! footers that are kept between queries.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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
use super::footers::Footers;
use super::index::{Entry, Index};
use super::share::Meter;

/// Up to so many bytes are read by the thread that wants them: another thread would take longer to wake up than to
/// read them, from the page cache at least, and to decode them takes several times as long. A query's threads are its
/// user's own, and each waits for one file.
const SMALL_BYTES: usize = 4 << 20;

/// Makes readers for files that carry an [`Indexed`] as an extension.
#[derive(Debug)]
pub(crate) struct Readers {
    /// The store of the data directory.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The footers of its files.
    pub(crate) footers: Arc<Footers>,
    /// Counts the bytes of the query that reads.
    pub(crate) meter: Option<Arc<Meter>>,
}

impl Readers {
    /// Readers of the same store that count what one query reads.
    pub(crate) fn counted_by(&self, meter: Option<Arc<Meter>>) -> Arc<Self> {
        let (store, footers) = (Arc::clone(&self.store), Arc::clone(&self.footers));
        Arc::new(Self { store, footers, meter })
    }

    /// Readers of the same store for who goes through whole tables once.
    pub(crate) fn in_passing(&self) -> Arc<Self> {
        let (store, footers) = (Arc::clone(&self.store), self.footers.in_passing());
        Arc::new(Self { store, footers, meter: self.meter.clone() })
    }

    /// The footer of a file.
    pub(crate) async fn footer(&self, file: &PartitionedFile) -> Result<Arc<ParquetMetaData>, ParquetError> {
        let indexed = file.extension::<Indexed>().cloned();
        let indexed =
            indexed.ok_or_else(|| ParquetError::General("a file that is not in the index".into()))?;
        let location = file.object_meta.location.clone();
        if self.footers.has(location.as_ref()) {
            return self.footers.get(location.as_ref(), indexed.entry());
        }
        let footers = Arc::clone(&self.footers);
        let read = tokio::task::spawn_blocking(move || footers.get(location.as_ref(), indexed.entry()));
        read.await.map_err(|died| ParquetError::External(Box::new(died)))?
    }

    /// Whole column chunks of a file. What they claim is not checked: who wants them decodes them with care.
    pub(crate) async fn chunks(
        &self,
        file: &PartitionedFile,
        ranges: Vec<Range<u64>>,
    ) -> Result<Vec<Bytes>, ParquetError> {
        let bytes = ranges.iter().map(length).sum();
        self.count(bytes)?;
        let path = self.footers.path(file.object_meta.location.as_ref());
        if bytes <= SMALL_BYTES {
            return read(&path, &ranges);
        }
        let read = tokio::task::spawn_blocking(move || read(&path, &ranges));
        read.await.map_err(|died| ParquetError::External(Box::new(died)))?
    }

    fn count(&self, bytes: usize) -> Result<(), ParquetError> {
        let metered = self.meter.as_ref().map_or(Ok(()), |meter| meter.add(bytes as u64));
        metered.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// Reads ranges of a file. Blocks.
fn read(path: &std::path::Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
    let mut file = File::open(path)?;
    ranges.iter().map(|range| read_range(&mut file, range.start, length(range))).collect()
}

/// Reads into memory that is not set to zero first, which takes nearly as long as a copy from the page cache.
fn read_range(file: &mut File, start: u64, length: usize) -> Result<Bytes, ParquetError> {
    let mut bytes = Vec::with_capacity(length);
    file.seek(SeekFrom::Start(start))?;
    file.take(length as u64).read_to_end(&mut bytes)?;
    match bytes.len() == length {
        true => Ok(Bytes::from(bytes)),
        false => Err(ParquetError::EOF(format!("the file ends before byte {}", start + length as u64))),
    }
}

/// Which entry of which index a file is.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    /// The index of the table.
    pub(crate) index: Arc<Index>,
    /// The number of the file in it.
    pub(crate) file: usize,
}

impl Indexed {
    /// What the index says about the file.
    pub(crate) fn entry(&self) -> &Entry {
        &self.index.files[self.file]
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
        let indexed = file.extension::<Indexed>().cloned();
        let indexed = indexed.ok_or_else(|| internal_datafusion_err!("a file that is not in the index"))?;
        let location = file.object_meta.location;
        let metrics = ParquetFileMetrics::new(partition, location.as_ref(), metrics);
        let (store, footers) = (Arc::clone(&self.store), Arc::clone(&self.footers));
        let meter = self.meter.clone();
        Ok(Box::new(Reader { store, footers, meter, location, indexed, metrics }))
    }
}

struct Reader {
    store: Arc<dyn ObjectStore>,
    footers: Arc<Footers>,
    meter: Option<Arc<Meter>>,
    location: Path,
    indexed: Indexed,
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
        let bytes = ranges.iter().map(length).sum();
        let counted = self.count(bytes);
        if bytes <= SMALL_BYTES {
            let read = counted.and_then(|()| checked(self.read_now(&ranges)?, &ranges));
            return std::future::ready(read).boxed();
        }
        async move {
            counted?;
            checked(self.store.get_ranges(&self.location, &ranges).await.map_err(external)?, &ranges)
        }
        .boxed()
    }

    /// The bytes of a footer that is not kept count as scanned.
    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        if self.footers.has(self.location.as_ref()) {
            let footer = self.footers.get(self.location.as_ref(), self.indexed.entry());
            return async move { footer }.boxed();
        }
        let tail = usize::try_from(self.indexed.entry().tail_bytes).unwrap_or(usize::MAX);
        self.metrics.bytes_scanned.add(tail);
        let (footers, location) = (Arc::clone(&self.footers), self.location.clone());
        let indexed = self.indexed.clone();
        let read = tokio::task::spawn_blocking(move || footers.get(location.as_ref(), indexed.entry()));
        async move { read.await.map_err(|died| ParquetError::External(Box::new(died)))? }.boxed()
    }
}

impl Reader {
    /// Pages that lie side by side are read together.
    fn read_now(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
        let mut file = File::open(self.footers.path(self.location.as_ref()))?;
        let mut read = Vec::with_capacity(ranges.len());
        for run in ranges.chunk_by(|range, next| range.end == next.start) {
            let start = run[0].start;
            let bytes = read_range(&mut file, start, run.iter().map(length).sum())?;
            read.extend(run.iter().map(|range| {
                let first = length(&(start..range.start));
                bytes.slice(first..first + length(range))
            }));
        }
        Ok(read)
    }

    fn count(&self, bytes: usize) -> Result<(), ParquetError> {
        self.metrics.bytes_scanned.add(bytes);
        let metered = self.meter.as_ref().map_or(Ok(()), |meter| meter.add(bytes as u64));
        metered.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// What is read in ranges are pages; the decoder believes their headers.
fn checked(read: Vec<Bytes>, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
    for (bytes, range) in read.iter().zip(ranges) {
        bounds::pages(bytes, range.start)?;
    }
    Ok(read)
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
