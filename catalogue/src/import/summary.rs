//! What an import did, for the person who asked for it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A finished import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSummary {
    /// Rows of the table: sources.
    pub rows: u64,
    /// Files that were read.
    pub files: u64,
    /// Tiles that were written.
    pub tiles: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Rows whose position is the centre of a pixel of 51 arcsec, because the files have none.
    pub rows_placed_by_source_id: u64,
    /// Whether the import began anew or went on from an earlier one.
    pub start: Start,
    /// What a person should know before using the table.
    pub notes: Vec<Note>,
}

/// Where an import began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning.
    Fresh,
    /// Where an earlier run of the same request was interrupted.
    WentOn {
        /// Files that had been read.
        files: u64,
        /// Tiles that had been written.
        tiles: u64,
    },
    /// At the beginning, because what an interrupted run left belongs to another request.
    StartedOver,
}

/// Something to know about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// What to know.
    pub remark: Remark,
}

/// Something to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remark {
    /// The service that wrote the file says that it cut the result.
    Overflow,
    /// The file has exactly as many rows as `TOP` in its query allowed.
    ExactlyTop(u64),
    /// A column holds what the importer does not take.
    ColumnLeftOut(String),
    /// So many rows have no position and are at the centre of the level-12 pixel of their source_id.
    PlacedBySourceId(u64),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.remark)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => write!(f, "the service cut this result (OVERFLOW): rows are missing"),
            Self::ExactlyTop(rows) => {
                write!(f, "it has exactly the {rows} rows that TOP in its query allowed: rows may be missing")
            }
            Self::ColumnLeftOut(name) => {
                write!(f, "column {name} holds bits or complex numbers and was left out")
            }
            Self::PlacedBySourceId(rows) => {
                write!(f, "{rows} rows have no position and are placed by source_id")
            }
        }
    }
}
