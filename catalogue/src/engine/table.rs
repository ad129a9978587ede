//! A HATS table as the engine sees it. Chooses files and pages by the index before anything is read; the filters
//! themselves are evaluated by the engine afterwards.

mod choice;
mod late;
mod part;
mod scan;
pub(crate) mod spans;
mod tile;

use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::{ParquetOptions, TableParquetOptions};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::physical_expr::{PhysicalExpr, conjunction, expressions};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;

use super::index::{Index, Part};
use super::keys::KeyRanges;
use super::members::Members;
use super::narrow::{KeyColumns, Narrowing};
use super::reader::{Indexed, Readers};
use choice::Choice;
pub(crate) use late::KEYS as LATE_KEYS;
pub(crate) use part::Within;
pub(crate) use scan::Scan;
pub(crate) use tile::Tile;

/// A scan of less than one part in this many reads few rows.
const FEW: usize = 8;

/// What a scan is to read.
struct Wanted {
    columns: Vec<usize>,
    narrowing: Narrowing,
    limit: Option<usize>,
    /// Few rows of the pages are wanted, because they are looked up in a list above the scan.
    listed: bool,
    /// Keys of the HEALPix column that rows must have, if that leaves few rows of each page.
    near: Option<KeyRanges>,
}

/// A table whose files are all known. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HatsTable {
    /// `schema.table`
    pub(crate) name: Arc<str>,
    /// The columns, with their units and descriptions.
    pub(crate) schema: SchemaRef,
    /// The columns rows are found by.
    pub(crate) keys: Arc<KeyColumns>,
    /// Which rows are where.
    pub(crate) index: Arc<Index>,
    /// The table's directory, relative to the data directory.
    pub(crate) directory: Arc<str>,
    /// Where the files are.
    pub(crate) store: ObjectStoreUrl,
    /// Reads them.
    pub(crate) readers: Arc<Readers>,
}

impl HatsTable {
    /// Rows of the table.
    pub(crate) fn rows(&self) -> u64 {
        self.index.rows()
    }

    /// The same for who goes through all of it once.
    pub(crate) fn in_passing(&self) -> Self {
        Self { readers: self.readers.in_passing(), ..self.clone() }
    }

    /// The files that a narrowing leaves, each with the rows to read.
    fn choose(&self, narrowing: &Narrowing) -> (Vec<PartitionedFile>, Choice) {
        if narrowing.is_everything() {
            let files = (0..self.index.files.len()).map(|file| self.file(file));
            return (files.collect(), Choice::everything(&self.index));
        }
        let parts = self.index.parts(narrowing);
        let choice = Choice::parts(&self.index, narrowing, &parts);
        (parts.iter().map(|part| self.part(part)).collect(), choice)
    }

    fn file(&self, file: usize) -> PartitionedFile {
        let entry = &self.index.files[file];
        // A table may be the data directory itself.
        let location = format!("{}/{}", self.directory, entry.location);
        PartitionedFile::new(location.trim_start_matches('/'), entry.bytes)
            .with_extension(Indexed { index: Arc::clone(&self.index), file })
    }

    fn part(&self, part: &Part) -> PartitionedFile {
        let all = self.index.files[part.file].rows as usize;
        if part.row_count() == all {
            return self.file(part.file);
        }
        let rows = part.rows.iter().map(|rows| rows.start as usize..rows.end as usize);
        let selection = RowSelection::from_consecutive_ranges(rows, all);
        self.file(part.file).with_extension(ParquetRowSelection::new(selection))
    }

    fn source(&self, session: &dyn Session, rows: usize, listed: bool) -> ParquetSource {
        let readers = self.readers.counted_by(session.config().get_extension());
        let mut options = TableParquetOptions::default();
        let few = rows.saturating_mul(FEW) < self.all_rows();
        options.global = ParquetOptions {
            // Decoding the other columns only for matching rows pays when few rows match, and costs otherwise. It
            // always pays for listed rows: a filter above the scan would keep it from leaving out parts of light
            // curves.
            pushdown_filters: few || listed,
            reorder_filters: few,
            // The cache would read whole batches around the chosen pages: sixty pages for one.
            max_predicate_cache_size: Some(0),
            // Row groups and pages are chosen by the index already.
            enable_page_index: false,
            bloom_filter_on_read: false,
            pruning: !few,
            ..options.global
        };
        ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(readers)
    }

    fn all_rows(&self) -> usize {
        usize::try_from(self.rows()).unwrap_or(usize::MAX)
    }

    /// The engine works out how large rows of numbers are, and takes our word for light curves: a join that did not
    /// know would keep those in memory rather than a few more identifiers.
    fn statistics_of(&self, rows: Precision<usize>) -> Statistics {
        let share = rows.get_value().map_or(1.0, |rows| *rows as f64 / self.all_rows().max(1) as f64);
        let bytes = self.index.column_bytes.iter().sum::<u64>() as f64 * share;
        let total_byte_size = Precision::Inexact(bytes as usize);
        Statistics { num_rows: rows, total_byte_size, ..Statistics::new_unknown(&self.schema) }
    }
}

impl HatsTable {
    /// Reads columns of the rows that a narrowing leaves: all that match it, and others of the same pages.
    fn read(&self, session: &dyn Session, wanted: Wanted) -> Result<Arc<dyn ExecutionPlan>> {
        let Wanted { columns, narrowing, limit, listed, near } = wanted;
        let everything = narrowing.is_everything();
        let (files, choice) = self.choose(&narrowing);
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        let rows = choice.rows;
        let known = if everything { Precision::Exact(rows) } else { Precision::Inexact(rows) };
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let near = near.filter(|keys| self.few_have(keys, rows));
        let mut source = self.source(session, rows, listed || near.is_some());
        if let (Some(keys), Some(column)) = (near, &self.keys.healpix) {
            let column = self.schema.index_of(column)?;
            source = source.with_predicate(self.members(&self.schema, column, keys)?);
        }
        let files = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(Some(columns))?
            .with_statistics(self.statistics_of(known))
            .with_limit(limit)
            .build();
        let scan = Scan::new(self.clone(), narrowing, choice, files);
        Ok(DataSourceExec::from_data_source(scan))
    }

    /// The long lists among the filters, by the position of their column.
    fn long_lists(&self, filters: &[Expr]) -> Vec<(usize, KeyRanges)> {
        let lists = filters.iter().filter_map(|filter| self.keys.long_list(filter));
        let integer = lists.filter(|(column, _)| self.is_integer(column));
        integer.filter_map(|(column, keys)| Some((self.schema.index_of(column).ok()?, keys))).collect()
    }

    fn is_integer(&self, column: &str) -> bool {
        self.schema.field_with_name(column).is_ok_and(|field| *field.data_type() == DataType::Int64)
    }

    fn members(&self, rows: &Schema, column: usize, keys: KeyRanges) -> Result<Arc<dyn PhysicalExpr>> {
        let column = expressions::col(self.schema.field(column).name(), rows)?;
        Ok(Arc::new(Members::new(column, Arc::new(keys))))
    }

    /// Columns of the rows that a narrowing leaves and whose keys are in all `lists`.
    fn select(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        narrowing: Narrowing,
        lists: Vec<(usize, KeyRanges)>,
        limit: Option<usize>,
        near: Option<KeyRanges>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> =
            projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        if lists.is_empty() {
            return self.read(session, Wanted { columns: wanted, narrowing, limit, listed: false, near });
        }
        let tested = lists.iter().map(|(column, _)| *column).filter(|column| !wanted.contains(column));
        let columns: Vec<usize> = wanted.iter().copied().chain(tested).collect();
        // A single range is a part of the sky, of which all rows are wanted.
        let listed = lists.iter().any(|(_, keys)| keys.len() > 1);
        let rows = self.read(session, Wanted { columns, narrowing, limit: None, listed, near })?;
        let members = lists.into_iter().map(|(column, keys)| self.members(&rows.schema(), column, keys));
        let filter = FilterExecBuilder::new(conjunction(members.collect::<Result<Vec<_>>>()?), rows)
            .with_batch_size(session.config().batch_size());
        Ok(Arc::new(filter.apply_projection(Some((0..wanted.len()).collect()))?.build()?))
    }
}

#[async_trait]
impl TableProvider for HatsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics_of(Precision::Exact(self.all_rows())))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| {
            if self.keys.is_long_list(filter).is_some_and(|column| self.is_integer(column)) {
                TableProviderFilterPushDown::Exact
            } else if self.keys.may_narrow(filter) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let narrowing = Narrowing::of(filters, &self.keys);
        self.select(session, projection, narrowing, self.long_lists(filters), limit, None)
    }
}
