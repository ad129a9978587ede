//! A HATS table as the engine sees it. Chooses tiles, row groups and pages before anything is read; the filters
//! themselves are evaluated by the engine afterwards.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use super::footer::Footer;
use super::narrow::{KeyColumns, Narrowing};
use super::reader::Readers;
use super::select;
use crate::healpix;

/// One Parquet file of a table and the part of the sky it holds.
#[derive(Debug)]
pub(crate) struct Tile {
    /// HEALPix order of the tile.
    pub(crate) order: u8,
    /// Number of the tile in its order, nested.
    pub(crate) npix: u64,
    /// The file, relative to the data directory, with `/` between parts.
    pub(crate) location: String,
    /// What the file says about itself.
    pub(crate) footer: Arc<Footer>,
}

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
    fn source(&self, rows: usize) -> Arc<ParquetSource> {
        let few = rows.saturating_mul(FEW) < self.all_rows();
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _)
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

impl Tile {
    fn file(&self, access: Option<ParquetAccessPlan>) -> PartitionedFile {
        let file = PartitionedFile::new(self.location.as_str(), self.footer.bytes)
            .with_extension(Arc::clone(&self.footer));
        match access {
            Some(access) => file.with_extension(access),
            None => file,
        }
    }
}

fn choose(tiles: &[Tile], keys: &KeyColumns, narrowing: &Narrowing) -> Result<Vec<PartitionedFile>> {
    let in_sky = |tile: &&Tile| {
        let pixels = healpix::tile_range(tile.order, tile.npix);
        narrowing.healpix.as_ref().is_none_or(|ranges| ranges.touches(*pixels.start(), *pixels.end()))
    };
    let files = tiles.iter().filter(in_sky).map(|tile| {
        let access = select::access(&tile.footer, keys, narrowing)?;
        Ok(access.map(|access| tile.file(Some(access))))
    });
    files.filter_map(Result::transpose).collect()
}

fn selected_rows(file: &PartitionedFile) -> Option<usize> {
    let metadata = file.extension::<Arc<Footer>>()?.metadata();
    let access = file.extension::<ParquetAccessPlan>()?;
    let groups = access.inner().iter().zip(metadata.row_groups());
    Some(groups.map(|(access, group)| rows_of(access, group.num_rows())).sum())
}

fn rows_of(access: &RowGroupAccess, all: i64) -> usize {
    match access {
        RowGroupAccess::Skip => 0,
        RowGroupAccess::Scan => usize::try_from(all).unwrap_or(0),
        RowGroupAccess::Selection(selection) => selection.row_count(),
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
        let narrows = |filter: &&Expr| match Narrowing::of([*filter], &self.keys).is_everything() {
            true => TableProviderFilterPushDown::Unsupported,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(narrows).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let narrowing = Narrowing::of(filters, &self.keys);
        let everything = narrowing.is_everything();
        let files = self.files(narrowing).await?;
        if files.is_empty() {
            let columns = projection.map(|columns| self.schema.project(columns)).transpose()?;
            let schema = columns.map_or_else(|| Arc::clone(&self.schema), Arc::new);
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let rows = if everything { self.all_rows() } else { files.iter().filter_map(selected_rows).sum() };
        let known = if everything { Precision::Exact(rows) } else { Precision::Inexact(rows) };
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let scan = FileScanConfigBuilder::new(self.store.clone(), self.source(rows))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_statistics(self.statistics_of(known))
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
