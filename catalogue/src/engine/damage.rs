//! After a query failed on a file: which file it was, and at which byte. Reads the query's files again, part after
//! part, so it runs only where something is broken already. Repairs nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::column::page::PageReader;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::serialized_reader::SerializedPageReader;
use datafusion::physical_plan::ExecutionPlan;

use super::bounds::{self, Defect};
use super::error::QueryError;
use super::table::Scan;

/// The search ends after this time without a result.
const SEARCH_WITHIN: Duration = Duration::from_secs(20);

/// Names the file, where an error may have come from one that `plan` reads.
pub(super) async fn explain(error: QueryError, plan: &Arc<dyn ExecutionPlan>) -> QueryError {
    if !matches!(error, QueryError::Data | QueryError::Internal) {
        return error;
    }
    let plan = Arc::clone(plan);
    let found = tokio::task::spawn_blocking(move || find(&plan)).await;
    found.ok().flatten().unwrap_or(error)
}

/// The first damage among the files that `plan` reads; `None` when they are sound, or too many.
fn find(plan: &Arc<dyn ExecutionPlan>) -> Option<QueryError> {
    let until = Instant::now() + SEARCH_WITHIN;
    let (suspects, columns) = suspects(plan);
    for Suspect { table, file, path, bytes } in suspects {
        if let Err(defect) = check(&path, bytes, &columns, until) {
            let problem = format!("file {file}: {defect}");
            tracing::error!(path = %path.display(), offset = defect.offset, "{problem}");
            return Some(QueryError::Unreadable { table, problem });
        }
    }
    None
}

/// A file that may be broken.
struct Suspect {
    /// Its table: `schema.name`.
    table: String,
    /// The file relative to the data directory, with `/` between parts.
    file: String,
    path: PathBuf,
    /// The size that it had.
    bytes: u64,
}

/// The files of a plan, and the names of the columns that it reads from any of them.
fn suspects(plan: &Arc<dyn ExecutionPlan>) -> (Vec<Suspect>, BTreeSet<String>) {
    let (mut suspects, mut columns) = (Vec::new(), BTreeSet::new());
    let visited = plan.apply(|node| {
        let scan = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        if let Some(scan) = scan.and_then(|source| source.downcast_ref::<Scan>()) {
            let table = scan.table();
            suspects.extend(scan.files().map(|(file, bytes)| Suspect {
                path: table.readers.footers.path(&file),
                table: table.name.to_string(),
                file,
                bytes,
            }));
            columns.extend(table.schema.fields().iter().map(|field| field.name().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.expect("a visitor that does not fail");
    (suspects, columns)
}

/// Checks one file from its footer to the values of `columns`.
fn check(path: &Path, told: u64, columns: &BTreeSet<String>, until: Instant) -> Result<(), Defect> {
    let unreadable = |error: std::io::Error| Defect::new(0, format!("it cannot be read ({error})"));
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes != told {
        return Err(Defect::new(bytes, format!("it ended at byte {told} when it was opened, and ends now")));
    }
    bounds::footer(&file, bytes)?;
    let decode = || ParquetMetaDataReader::new().parse_and_finish(&file);
    let footer = bounds::caught(decode)
        .map_err(|error| Defect::new(bytes, format!("its footer cannot be decoded ({error})")))?;
    bounds::extent::chunks(bytes, &footer)?;
    bounds::extent::page_indexes(&file, bytes, &footer)?;
    for (number, group) in footer.row_groups().iter().enumerate() {
        for (leaf, column) in group.columns().iter().enumerate() {
            let wanted = column.column_path().parts().first().is_some_and(|name| columns.contains(name));
            if wanted && Instant::now() < until {
                pages(&file, column, group.num_rows())?;
                values(&file, number, leaf, column)?;
            }
        }
    }
    Ok(())
}

/// Decompresses every page of a column chunk.
fn pages(file: &File, column: &ColumnChunkMetaData, rows: i64) -> Result<(), Defect> {
    let (start, length) = column.byte_range();
    let pages = bounds::pages_of(file, start..start + length)?;
    let told = |offset: u64, error: String| {
        Defect::new(offset, format!("a page of column {} cannot be decoded ({error})", column.column_path()))
    };
    let clone = file.try_clone().map_err(|error| told(start, error.to_string()))?;
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let reader = SerializedPageReader::new(Arc::new(clone), column, rows, None);
    let mut reader = reader.map_err(|error| told(start, error.to_string()))?;
    for page in pages {
        let read = bounds::caught(|| reader.get_next_page().map(drop));
        read.map_err(|error| told(page.offset, error))?;
    }
    Ok(())
}

/// Decodes every value of a column chunk. Pages do not say which of them a value that does not fit is in.
fn values(file: &File, group: usize, leaf: usize, column: &ColumnChunkMetaData) -> Result<(), Defect> {
    let decode = || -> Result<(), ParquetError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
        let mask = ProjectionMask::leaves(builder.parquet_schema(), [leaf]);
        let mut rows = builder.with_projection(mask).with_row_groups(vec![group]).build()?;
        rows.try_for_each(|batch| {
            batch.map(drop).map_err(|error| ParquetError::ArrowError(error.to_string()))
        })
    };
    bounds::caught(decode).map_err(|error| {
        let (name, (start, length)) = (column.column_path(), column.byte_range());
        Defect::new(
            start,
            format!("values of column {name} in the next {length} bytes cannot be decoded ({error})"),
        )
    })
}
