//! A HATS table as the engine sees it. Chooses tiles, row groups and pages before anything is read; the filters
//! themselves are evaluated by the engine afterwards.

mod tile;

use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{PhysicalExpr, conjunction, expressions};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;

use super::keys::KeyRanges;
use super::members::Members;
use super::narrow::{KeyColumns, Narrowing};
use super::reader::Readers;
pub(crate) use tile::Tile;
use tile::{choose, selected_rows};

/// A scan of less than one part in this many reads few rows.
const FEW: usize = 8;

/// A table whose files are all known.
#[derive(Debug)]
pub(crate) struct HatsTable {
    /// The columns, with their units and descriptions.
    pub(crate) schema: SchemaRef,
    /// The columns rows are found by.
    pub(crate) keys: KeyColumns,
    /// Every file of the table, in the order of the sky.
    pub(crate) tiles: Arc<[Tile]>,
    /// Where the files are.
    pub(crate) store: ObjectStoreUrl,
    /// Reads them.
    pub(crate) readers: Arc<Readers>,
}

impl HatsTable {
    /// Rows of the table.
    pub(crate) fn rows(&self) -> u64 {
        self.tiles.iter().map(|tile| tile.footer.rows()).sum()
    }

    async fn files(&self, narrowing: Narrowing) -> Result<Vec<PartitionedFile>> {
        if narrowing.is_everything() {
            return Ok(self.tiles.iter().map(|tile| tile.file(None)).collect());
        }
        let (tiles, keys) = (Arc::clone(&self.tiles), self.keys.clone());
        // Reads page indexes from disk the first time.
        let chosen = tokio::task::spawn_blocking(move || choose(&tiles, &keys, &narrowing));
        chosen.await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
    }

    /// Decoding the other columns only for matching rows pays when few rows match, and costs otherwise.
    fn source(&self, session: &dyn Session, rows: usize) -> Arc<ParquetSource> {
        let readers = self.readers.counted_by(session.config().get_extension());
        let few = rows.saturating_mul(FEW) < self.all_rows();
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(readers)
            .with_enable_page_index(true)
            .with_pushdown_filters(few)
            .with_reorder_filters(few);
        Arc::new(source)
    }

    fn all_rows(&self) -> usize {
        usize::try_from(self.rows()).unwrap_or(usize::MAX)
    }

    fn statistics_of(&self, rows: Precision<usize>) -> Statistics {
        Statistics { num_rows: rows, ..Statistics::new_unknown(&self.schema) }
    }
}

impl HatsTable {
    /// Reads columns of the files that a narrowing leaves.
    async fn read(
        &self,
        session: &dyn Session,
        columns: Vec<usize>,
        narrowing: Narrowing,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let everything = narrowing.is_everything();
        let files = self.files(narrowing).await?;
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        let rows = if everything { self.all_rows() } else { files.iter().filter_map(selected_rows).sum() };
        let known = if everything { Precision::Exact(rows) } else { Precision::Inexact(rows) };
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let scan = FileScanConfigBuilder::new(self.store.clone(), self.source(session, rows))
            .with_file_groups(groups)
            .with_projection_indices(Some(columns))?
            .with_statistics(self.statistics_of(known))
            .with_limit(limit)
            .build();
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
            if self.keys.long_list(filter).is_some_and(|(column, _)| self.is_integer(column)) {
                TableProviderFilterPushDown::Exact
            } else if Narrowing::of([*filter], &self.keys).is_everything() {
                TableProviderFilterPushDown::Unsupported
            } else {
                TableProviderFilterPushDown::Inexact
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
        let lists = self.long_lists(filters);
        let wanted: Vec<usize> =
            projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        if lists.is_empty() {
            return self.read(session, wanted, narrowing, limit).await;
        }
        let tested = lists.iter().map(|(column, _)| *column).filter(|column| !wanted.contains(column));
        let columns: Vec<usize> = wanted.iter().copied().chain(tested).collect();
        let rows = self.read(session, columns, narrowing, None).await?;
        let members = lists.into_iter().map(|(column, keys)| self.members(&rows.schema(), column, keys));
        let filter = FilterExecBuilder::new(conjunction(members.collect::<Result<Vec<_>>>()?), rows)
            .with_batch_size(session.config().batch_size());
        Ok(Arc::new(filter.apply_projection(Some((0..wanted.len()).collect()))?.build()?))
    }
}
