//! Opening a file: its row groups one after the other, each read when the one before is done.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileMetrics;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccessPlanFilter};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use datafusion_datasource::morsel::{MorselPlan, MorselPlanner, Morselizer};

use super::layout::Layout;
use super::row_group::RowGroup;
use super::wanted::Wanted;
use crate::engine::reader::Readers;

/// Opens the files of one partition of a scan.
pub(super) struct Opener {
    /// Opens those that are not so simple.
    pub(super) otherwise: Box<dyn Morselizer>,
    pub(super) readers: Arc<Readers>,
    pub(super) wanted: Arc<Wanted>,
    pub(super) pruning: Option<Arc<PruningPredicate>>,
    pub(super) batch_rows: usize,
    pub(super) metrics: ParquetFileMetrics,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("otherwise", &self.otherwise).finish_non_exhaustive()
    }
}

/// An opener that outlives the call.
#[derive(Debug)]
pub(super) struct Opening(pub(super) Arc<Opener>);

impl Morselizer for Opening {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        if file.extension::<ParquetRowSelection>().is_some() {
            return self.0.otherwise.plan_file(file);
        }
        Ok(Box::new(Unopened { opener: Arc::clone(&self.0), file }))
    }
}

impl Opener {
    async fn open(self: Arc<Self>, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let footer = self.readers.footer(&file).await?;
        let Some(layout) = Layout::of(&footer, &self.wanted) else {
            return self.otherwise.plan_file(file);
        };
        let groups = self.groups(&footer, &file).into();
        Ok(Box::new(Unread { opener: self, file, footer, layout, groups }))
    }

    /// The row groups of this part of the file that may have rows for the condition.
    fn groups(&self, footer: &ParquetMetaData, file: &PartitionedFile) -> Vec<usize> {
        let groups = footer.row_groups();
        let mut left = RowGroupAccessPlanFilter::new(ParquetAccessPlan::new_all(groups.len()));
        if let Some(range) = &file.range {
            left.prune_by_range(groups, range);
        }
        if let Some(pruning) = &self.pruning {
            let (schema, columns) = (pruning.schema(), footer.file_metadata().schema_descr());
            left.prune_by_statistics(schema, columns, groups, pruning, &self.metrics);
        }
        left.row_group_indexes().collect()
    }
}

/// A file of which nothing is known.
#[derive(Debug)]
struct Unopened {
    opener: Arc<Opener>,
    file: PartitionedFile,
}

impl MorselPlanner for Unopened {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        Ok(Some(MorselPlan::new().with_pending_planner(self.opener.open(self.file))))
    }
}

/// An open file, some row groups of which are yet to be read.
struct Unread {
    opener: Arc<Opener>,
    file: PartitionedFile,
    footer: Arc<ParquetMetaData>,
    layout: Layout,
    groups: VecDeque<usize>,
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unread").field("groups", &self.groups).finish_non_exhaustive()
    }
}

impl MorselPlanner for Unread {
    fn plan(mut self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Some(group) = self.groups.pop_front() else { return Ok(None) };
        Ok(Some(MorselPlan::new().with_pending_planner(self.read(group))))
    }
}

impl Unread {
    async fn read(self: Box<Self>, group: usize) -> Result<Box<dyn MorselPlanner>> {
        let group = self.footer.row_group(group);
        let chunks = self.layout.chunks(group);
        let ranges = chunks.iter().map(|chunk| chunk.range.clone()).collect();
        let bytes = self.opener.readers.chunks(&self.file, ranges).await?;
        let rows = usize::try_from(group.num_rows()).map_err(|error| broken(error.to_string()))?;
        let wanted = Arc::clone(&self.opener.wanted);
        let group = RowGroup::new(wanted, chunks, bytes, rows, self.opener.batch_rows);
        Ok(Box::new(Read { group, rest: self }))
    }
}

fn broken(problem: String) -> DataFusionError {
    ParquetError::General(problem).into()
}

/// A row group in memory, and the others.
#[derive(Debug)]
struct Read {
    group: RowGroup,
    rest: Box<Unread>,
}

impl MorselPlanner for Read {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { group, rest } = *self;
        Ok(Some(MorselPlan::new().with_morsels(vec![Box::new(group)]).with_planners(vec![rest])))
    }
}
