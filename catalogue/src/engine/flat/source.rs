//! The engine's source of Parquet files with another way to open them. It exists only while a scan runs: plans are made
//! with the engine's own.

use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, not_impl_err};
use datafusion::datasource::physical_plan::{
    FileOpener, FileScanConfig, FileSource, ParquetFileMetrics, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{DynamicFilterTracking, PhysicalExpr};
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::morsel::Morselizer;
use object_store::ObjectStore;

use super::opener::{Opener, Opening};
use super::wanted::Wanted;
use crate::engine::reader::Readers;

/// Files of which some columns are read, and all rows that their statistics leave.
#[derive(Clone)]
pub(super) struct FlatSource {
    files: Arc<dyn FileSource>,
    readers: Arc<Readers>,
    wanted: Arc<Wanted>,
    pruning: Option<Arc<PruningPredicate>>,
    batch_rows: usize,
}

impl FlatSource {
    /// The source of a scan; `None` where it is better left as it is.
    pub(super) fn of(files: &FileScanConfig, readers: Arc<Readers>) -> Result<Option<Self>> {
        let source = Arc::clone(files.file_source());
        let Some(parquet) = source.downcast_ref::<ParquetSource>() else { return Ok(None) };
        let filter = source.filter();
        let evaluates = parquet.table_parquet_options().global.pushdown_filters && filter.is_some();
        // A condition that changes while the query runs leaves out more files later.
        if evaluates || files.limit.is_some() || filter.as_ref().is_some_and(changes) {
            return Ok(None);
        }
        let Some(projection) = source.projection() else { return Ok(None) };
        let schema = files.file_schema();
        let Some(wanted) = Wanted::of(projection, schema)? else { return Ok(None) };
        // What the statistics of row groups can say about the condition.
        let pruning = filter.and_then(|filter| {
            PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).build(filter)
        });
        Ok(Some(Self { files: source, readers, wanted: Arc::new(wanted), pruning, batch_rows: 0 }))
    }
}

fn changes(filter: &Arc<dyn PhysicalExpr>) -> bool {
    DynamicFilterTracking::classify(filter).contains_dynamic_filter()
}

impl FileSource for FlatSource {
    fn create_file_opener(
        &self,
        _: Arc<dyn ObjectStore>,
        _: &FileScanConfig,
        _: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        not_impl_err!("files are opened in parts")
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let otherwise = self.files.create_morselizer(store, config, partition)?;
        Ok(Box::new(Opening(Arc::new(Opener {
            otherwise,
            readers: Arc::clone(&self.readers),
            wanted: Arc::clone(&self.wanted),
            pruning: self.pruning.clone(),
            batch_rows: self.batch_rows,
            metrics: ParquetFileMetrics::new(partition, "all", self.metrics()),
        }))))
    }

    fn table_schema(&self) -> &TableSchema {
        self.files.table_schema()
    }

    fn with_batch_size(&self, rows: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { files: self.files.with_batch_size(rows), batch_rows: rows, ..self.clone() })
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.files.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.files.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.files.metrics()
    }

    fn file_type(&self) -> &str {
        self.files.file_type()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.files.apply_expressions(f)
    }
}
