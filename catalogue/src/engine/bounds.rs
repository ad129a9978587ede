//! Bounds on what Parquet files claim, checked before the decoder believes them: footers, page indexes, page headers.
//!
//! The decoder reserves memory by the counts and sizes that a file states, and recurses as deep as its schema
//! nests; a lie there would end the whole server, not one query. A child process would be the other way. We check
//! in place, because every lie of this kind is visible in one pass over the headers, which costs less than one
//! process per file, and because pages are read by every query. Values are not looked at here: a wrong value is
//! an error of the decoder, or a wrong value.

pub(crate) mod extent;
mod footer;
mod gzip;
mod page;
mod thrift;

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::parquet::errors::ParquetError;
use thiserror::Error;

pub(crate) use footer::footer;
pub(crate) use page::{Page, PageKind, page_at, pages, pages_of};

/// Runs the decoder, which may give up with a panic.
pub(crate) fn caught<T, E: Display>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder gave up".to_owned()),
    }
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}, at byte {offset}")]
pub(crate) struct Defect {
    /// Position in the file, counted from 0.
    pub(crate) offset: u64,
    /// What is wrong there.
    pub(crate) problem: String,
}

impl Defect {
    pub(crate) fn new(offset: u64, problem: impl Into<String>) -> Self {
        Self { offset, problem: problem.into() }
    }
}

impl From<Defect> for ParquetError {
    fn from(defect: Defect) -> Self {
        Self::External(Box::new(defect))
    }
}
