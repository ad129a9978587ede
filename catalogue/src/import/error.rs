//! Why an import stops; what is wrong inside of one file is in `file_error`.
//!
//! The cause is the `source` of an error, not part of its sentence: print the whole chain.

use std::fmt;
use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;
use thiserror::Error;

use super::file_error::FileError;
use super::limits::MIN_MEMORY_BYTES;
use crate::{engine, hats};

/// Why nothing was imported. The catalogue is as it was before.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The schema or the table has a name that SQL and file systems do not take as it is.
    #[error("`{0}` is no name for a table: take lower-case letters, digits and `_`, a letter first")]
    Name(String),
    /// The table is there already.
    #[error("the table {0} is there already: choose another name, or replace it")]
    Exists(String),
    /// The request names no input, or a directory without files.
    #[error("there is nothing to import in {}", .0.display())]
    NoFiles(PathBuf),
    /// An input path cannot be looked at.
    #[error("cannot read {}", .path.display())]
    Input {
        /// The path of the request.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One file is at fault.
    #[error("cannot import {}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        #[source]
        problem: FileError,
    },
    /// Two files do not make one table.
    #[error("{} and {} do not make one table: column `{column}` {how}", .first.display(), .second.display())]
    Mismatch {
        /// The file that set the columns.
        first: PathBuf,
        /// The file that differs.
        second: PathBuf,
        /// The column in which they differ.
        column: String,
        /// How they differ.
        how: String,
    },
    /// The rows of one place, which are never parted, do not fit into memory.
    #[error(
        "the rows of one place on the sky take more than {limit_bytes} bytes: raise the limit of memory, or look whether the positions are right"
    )]
    Crowded {
        /// The limit of the request.
        limit_bytes: u64,
    },
    /// The limit of memory is too low.
    #[error("{0} bytes of memory are too few to sort rows: allow at least {min}", min = MIN_MEMORY_BYTES)]
    LittleMemory(u64),
    /// The directory of an import in progress cannot be used.
    #[error("cannot {action} {}", .path.display())]
    Work {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process imports the same table.
    #[error("somebody else is importing {}: wait until that is done", .0.display())]
    Busy(PathBuf),
    /// The rows could not be arranged.
    #[error("failed to arrange the rows")]
    Arrange(#[from] ArrowError),
    /// The table was written, but cannot be opened.
    #[error("the new table cannot be opened")]
    Open(#[from] engine::TableError),
    /// The table could not be written; nothing of it is left.
    #[error("failed to write the table")]
    Write(#[from] hats::HatsError),
}

/// Where a row is in its file, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a text file, from 1.
    Line(u64),
    /// A row of a binary or XML file, from 1.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}
