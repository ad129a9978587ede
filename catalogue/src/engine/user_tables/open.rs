//! A user's table that a query has opened. It has no index: its files are read from front to back, and their own
//! statistics leave out what cannot match.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use super::UserTable;
use super::reader::Readers;
use crate::engine::sandbox;

/// A table whose files are open.
#[derive(Debug)]
pub(super) struct OpenTable {
    schema: SchemaRef,
    rows: u64,
    files: Vec<Arc<OpenFile>>,
}

/// One open file. What is removed stays readable for whoever has it open.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) bytes: u64,
    /// `schema.table/number`, as plans name it.
    pub(super) label: String,
    /// Read by the first part of a query that needs it.
    pub(super) footer: OnceLock<Arc<ParquetMetaData>>,
}

impl OpenTable {
    /// Opens every file of a table. Blocks.
    pub(super) fn open(table: &UserTable) -> io::Result<Self> {
        let name = table.info.qualified_name();
        let open = |(number, path): (usize, &std::path::PathBuf)| {
            OpenFile::open(path, format!("{name}/{number}")).map(Arc::new)
        };
        let files = table.files.iter().enumerate().map(open).collect::<io::Result<_>>()?;
        Ok(Self { schema: Arc::clone(&table.info.arrow_schema), rows: table.info.rows, files })
    }

    fn statistics_of(&self, rows: Precision<usize>) -> Statistics {
        Statistics { num_rows: rows, ..Statistics::new_unknown(&self.schema) }
    }

    fn rows(&self) -> Precision<usize> {
        usize::try_from(self.rows).map_or(Precision::Absent, Precision::Exact)
    }
}

impl OpenFile {
    fn open(path: &Path, label: String) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes, label, footer: OnceLock::new() })
    }
}

#[async_trait]
impl TableProvider for OpenTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics_of(self.rows()))
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        let readers = Readers { meter: session.config().get_extension() };
        let source =
            ParquetSource::new(Arc::clone(&self.schema)).with_parquet_file_reader_factory(Arc::new(readers));
        let files = self.files.iter().map(|file| {
            PartitionedFile::new(file.label.clone(), file.bytes).with_extension(Arc::clone(file))
        });
        let groups = FileGroup::new(files.collect()).split_files(session.config().target_partitions());
        let scan = FileScanConfigBuilder::new(sandbox::store_url(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(Some(columns))?
            .with_statistics(self.statistics_of(self.rows()))
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
