//! The scan of a table: the engine's own scan of Parquet files, which reads only the parts that were chosen, and
//! says in EXPLAIN what these are.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_datafusion_err};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::{DataSource, OpenArgs};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use futures::{TryStreamExt, stream};
use tokio::sync::OnceCell;

use super::HatsTable;
use super::choice::Choice;
use super::late::{self, is_late};
use crate::engine::flat;
use crate::engine::index::Part;
use crate::engine::narrow::Narrowing;

/// A scan of chosen parts of a table.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    table: HatsTable,
    narrowing: Narrowing,
    choice: Choice,
    files: Arc<dyn DataSource>,
    late: Vec<Late>,
}

/// What a scan that waits for keys came to, for all of its partitions. A filter may change while they begin, that of a
/// sort with a limit does, and each is told by its number which of the chosen files are its own.
#[derive(Debug, Default)]
struct Settled(OnceCell<Scan>);

/// A filter that becomes keys while the query runs.
#[derive(Clone, Debug)]
struct Late {
    /// As it was handed down: on the columns that the scan gives.
    filter: Arc<dyn PhysicalExpr>,
    /// The same on the columns of the table.
    on_table: Arc<dyn PhysicalExpr>,
}

impl Scan {
    /// A scan of `files`, which are the parts of `table` that `narrowing` leaves.
    pub(super) fn new(table: HatsTable, narrowing: Narrowing, choice: Choice, files: FileScanConfig) -> Self {
        Self { table, narrowing, choice, files: Arc::new(files), late: Vec::new() }
    }

    /// The table that is scanned.
    pub(crate) fn table(&self) -> &HatsTable {
        &self.table
    }

    /// The same scan of fewer rows: those that `narrowing` leaves too. It has the same partitions, of which
    /// some may be empty.
    pub(crate) fn narrowed(&self, narrowing: &Narrowing) -> Result<Self> {
        self.narrowed_to(narrowing, self.config().map_or(0, |config| config.file_groups.len()))
    }

    /// The same scan of the rows with some identifiers, and of others that share their pages, in one partition.
    pub(crate) fn of_ids(&self, ids: &RangeInclusive<i64>) -> Result<Self> {
        self.narrowed_to(&Narrowing::of_ids(ids), 1)
    }

    /// Rows that [`Scan::of_ids`] reads.
    pub(crate) fn rows_of_ids(&self, ids: &RangeInclusive<i64>) -> usize {
        let narrowing = self.narrowing.clone().and(Narrowing::of_ids(ids));
        self.table.index.parts(&narrowing).iter().map(Part::row_count).sum()
    }

    /// Rows that are read.
    pub(crate) fn rows(&self) -> usize {
        self.choice.rows
    }

    fn narrowed_to(&self, narrowing: &Narrowing, partitions: usize) -> Result<Self> {
        let narrowing = self.narrowing.clone().and(narrowing.clone());
        let config = self.config().ok_or_else(|| internal_datafusion_err!("a scan of something else"))?;
        let (files, choice) = self.table.choose(&narrowing);
        let mut groups = FileGroup::new(files).split_files(partitions);
        groups.resize(partitions, FileGroup::default());
        let mut config = config.clone();
        config.file_groups = groups;
        Ok(Self { narrowing, choice, files: Arc::new(config), ..self.clone() })
    }

    /// The place and size of every file that is read.
    pub(crate) fn files(&self) -> impl Iterator<Item = (String, u64)> {
        let files = self.config().into_iter().flat_map(|config| &config.file_groups);
        let files = files.flat_map(|group| group.files());
        files.map(|file| (file.object_meta.location.to_string(), file.object_meta.size))
    }

    /// What the scan makes of the table's columns; `None` is the columns as they are.
    pub(crate) fn projection(&self) -> Option<&ProjectionExprs> {
        self.config()?.file_source().projection()
    }

    fn config(&self) -> Option<&FileScanConfig> {
        self.files.downcast_ref()
    }

    fn as_late(&self, filter: &Arc<dyn PhysicalExpr>) -> Option<Late> {
        let on_table = match self.projection() {
            Some(projection) => projection.unproject_expr(filter).ok()?,
            None => Arc::clone(filter),
        };
        is_late(&on_table, &self.table.keys).then(|| Late { filter: Arc::clone(filter), on_table })
    }

    /// What the scan has come to by now: narrowed to the keys that are known, and with those filters that gave
    /// no keys handed on to the files.
    fn settled(&self, config: &ConfigOptions) -> Result<Self> {
        let mut narrowing = Narrowing::default();
        let mut others = Vec::new();
        for Late { filter, on_table } in &self.late {
            let known = late::narrowing(on_table, &self.table.keys)?;
            if known.is_everything() {
                others.push(Arc::clone(filter));
            }
            narrowing = narrowing.and(known);
        }
        let mut scan = if narrowing.is_everything() { self.clone() } else { self.narrowed(&narrowing)? };
        if let Some(files) = scan.files.try_pushdown_filters(others, config)?.updated_node {
            scan.files = files;
        }
        Ok(scan)
    }

    fn with_files(&self, files: Arc<dyn DataSource>) -> Arc<dyn DataSource> {
        Arc::new(Self { files, ..self.clone() })
    }

    /// Opens the files, in the way that is the cheapest for what is read of them.
    fn open_files(&self, args: OpenArgs) -> Result<SendableRecordBatchStream> {
        let readers = self.table.readers.counted_by(args.context.session_config().get_extension());
        match self.config().map(|files| flat::scan(files, readers)).transpose()?.flatten() {
            Some(flat) => flat.open_with_args(args),
            None => self.files.open_with_args(args),
        }
    }

    /// Whether it chooses its files only when its first row is asked for.
    pub(crate) fn is_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// About the bytes of the chosen rows, from the size of the columns that are read.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let source = self.config()?.file_source();
        let mut columns = BTreeSet::new();
        let expressions = source.projection().into_iter().flat_map(|projection| projection.as_ref());
        for expression in expressions.map(|projected| &projected.expr).chain(source.filter().as_ref()) {
            columns.extend(collect_columns(expression).iter().map(|column| column.index()));
        }
        let index = &self.table.index;
        let bytes: u64 = columns.iter().filter_map(|&column| index.column_bytes.get(column)).sum();
        Some((bytes as f64 * (self.choice.rows as f64 / index.rows().max(1) as f64)) as u64)
    }
}

impl DataSource for Scan {
    fn open(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.open_files(OpenArgs::new(partition, context))
    }

    /// A scan that waits for keys chooses its files when the first row is asked of it: by then they are known.
    fn open_with_args(&self, args: OpenArgs) -> Result<SendableRecordBatchStream> {
        if self.late.is_empty() {
            return self.open_files(args);
        }
        let (scan, schema) = (self.clone(), Arc::clone(self.eq_properties().schema()));
        let rows = async move {
            let OpenArgs { partition, context, sibling_state } = args;
            let settled =
                sibling_state.and_then(|state| state.downcast::<Settled>().ok()).unwrap_or_default();
            let settle = async || scan.settled(context.session_config().options());
            let scan = settled.0.get_or_try_init(settle).await?;
            scan.open_files(OpenArgs::new(partition, Arc::clone(&context)))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::once(rows).try_flatten())))
    }

    fn create_sibling_state(&self, config: &ConfigOptions) -> Option<Arc<dyn Any + Send + Sync>> {
        match self.late.is_empty() {
            true => self.files.create_sibling_state(config),
            false => Some(Arc::new(Settled::default())),
        }
    }

    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(format, DisplayFormatType::TreeRender) {
            return write!(f, "{}", self.choice);
        }
        write!(f, "table={}, {}", self.table.name, self.choice)?;
        if let Some(bytes) = self.bytes() {
            write!(f, ", bytes=about {bytes}")?;
        }
        if !self.late.is_empty() {
            write!(f, ", less when the other side of the join is known")?;
        }
        let Some(config) = self.config() else { return Ok(()) };
        if let Some(projection) = self.projection() {
            let columns: Vec<&str> =
                projection.as_ref().iter().map(|projected| projected.alias.as_str()).collect();
            write!(f, ", projection=[{}]", columns.join(", "))?;
        }
        if let Some(limit) = config.limit {
            write!(f, ", limit={limit}")?;
        }
        config.file_source().fmt_extra(format, f)
    }

    fn repartitioned(
        &self,
        target_partitions: usize,
        file_min_size: usize,
        ordering: Option<LexOrdering>,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let files = self.files.repartitioned(target_partitions, file_min_size, ordering)?;
        Ok(files.map(|files| self.with_files(files)))
    }

    fn output_partitioning(&self) -> Partitioning {
        self.files.output_partitioning()
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.files.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.files.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        self.files.partition_statistics(partition)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.files.with_fetch(limit).map(|files| self.with_files(files))
    }

    fn fetch(&self) -> Option<usize> {
        self.files.fetch()
    }

    fn metrics(&self) -> ExecutionPlanMetricsSet {
        self.files.metrics()
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let files = self.files.try_swapping_with_projection(projection)?;
        Ok(files.map(|files| self.with_files(files)))
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn DataSource>>> {
        let late: Vec<Option<Late>> = filters.iter().map(|filter| self.as_late(filter)).collect();
        let others = filters.iter().zip(&late).filter(|(_, late)| late.is_none());
        let others: Vec<_> = others.map(|(filter, _)| Arc::clone(filter)).collect();
        let FilterPushdownPropagation { filters: answers, updated_node } =
            self.files.try_pushdown_filters(others, config)?;
        let mut answers = answers.into_iter();
        let answer = |late: &Option<Late>| match late {
            // Whoever handed it down applies it too.
            Some(_) => PushedDown::No,
            None => answers.next().unwrap_or(PushedDown::No),
        };
        let filters = late.iter().map(answer).collect();
        if updated_node.is_none() && late.iter().all(Option::is_none) {
            return Ok(FilterPushdownPropagation { filters, updated_node: None });
        }
        let mut scan = self.clone();
        scan.files = updated_node.unwrap_or(scan.files);
        scan.late.extend(late.into_iter().flatten());
        Ok(FilterPushdownPropagation { filters, updated_node: Some(Arc::new(scan)) })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> Result<SortOrderPushdownResult<Arc<dyn DataSource>>> {
        self.files.try_pushdown_sort(order)?.try_map(|files| Ok(self.with_files(files)))
    }

    fn with_preserve_order(&self, preserve_order: bool) -> Option<Arc<dyn DataSource>> {
        self.files.with_preserve_order(preserve_order).map(|files| self.with_files(files))
    }

    /// Joins look here for their filters, and compute them only when they find them.
    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for late in &self.late {
            if f(&late.filter)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        self.files.apply_expressions(f)
    }
}
