//! HATS tables on disk (IVOA Note "HATS", 1.0): what a table says about itself, where its tiles are, and how
//! a new table comes into being.
//!
//! Reading rows is the engine's business, not ours. Every other HATS writer's tables can be described here too.

pub mod collection;
mod encoding;
mod fold;
pub mod layout;
mod metadata;
pub mod partition;
pub mod properties;
mod sorted;
mod staging;
mod tile_file;
mod writer;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use encoding::Kind;
pub use fold::{Tile, fold};
pub use partition::Partition;
pub use properties::Properties;
pub use sorted::write_table;
pub use staging::restore;
pub use tile_file::TileFile;
pub use writer::{TableMeta, Writer, Written};

/// Why a HATS table could not be described or written.
#[derive(Debug, Error)]
pub enum HatsError {
    /// The file system refused; a full disk arrives here.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A Parquet file could not be written.
    #[error("cannot write {path}")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: parquet::errors::ParquetError,
    },
    /// Rows could not be brought into order.
    #[error("cannot sort the rows of {table}")]
    Rows {
        /// The name of the table.
        table: String,
        /// Why not.
        source: arrow_schema::ArrowError,
    },
    /// The rows have no usable index column.
    #[error("the rows of {table} need a column _healpix_29 of int64 without nulls")]
    NoIndex {
        /// The name of the table.
        table: String,
    },
    /// Another process is writing the same table.
    #[error("somebody else is writing {path}: wait until that is done")]
    Busy {
        /// The table.
        path: PathBuf,
    },
    /// `hats.properties` says something impossible, or not enough.
    #[error("{path}: {problem}")]
    Properties {
        /// The file.
        path: PathBuf,
        /// What is wrong with which key.
        problem: String,
    },
    /// `partition_info.csv` cannot be understood.
    #[error("{path}, line {line}: {problem}")]
    Partitions {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
}

impl HatsError {
    /// Wraps an error of the file system; for `map_err`.
    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

#[cfg(test)]
mod tests;
