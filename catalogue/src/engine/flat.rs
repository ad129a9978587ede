//! Columns of flat numbers, read a row group at a time. A diagram of all rows reads every page of a few columns, and
//! these are small: an object, a buffer and a decoder for each would cost more than the numbers. So where a scan wants
//! whole row groups of floating-point columns, their bytes are decoded here, page after page straight into batches.
//!
//! What is not so simple, in any file, is left to the engine's reader: selections of rows, conditions that are evaluated
//! while reading, other types, other encodings. Nothing is kept between queries.

mod chunk;
mod float;
mod layout;
mod levels;
mod opener;
mod page;
mod row_group;
mod source;
mod wanted;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::datasource::physical_plan::FileScanConfig;

use super::reader::Readers;
use source::FlatSource;

/// The same scan with flat numbers decoded here; `None` where it has none, or wants less than all rows of them.
pub(crate) fn scan(files: &FileScanConfig, readers: Arc<Readers>) -> Result<Option<FileScanConfig>> {
    let source = FlatSource::of(files, readers)?;
    Ok(source.map(|source| {
        let mut files = files.clone();
        files.file_source = Arc::new(source);
        files
    }))
}
