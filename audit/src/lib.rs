//! The audit log: who asked for what, what was decided, and how much went out; for the operator, and for whoever has to
//! find out later what happened.
//!
//! Lines are only ever added. Each holds the SHA-256 digest of the one before, so that a line that was changed, removed
//! or put in between is found by [`verify`]. Neither tokens nor the text of a query are in it. Who may do what is not
//! decided here.

mod chain;
mod log;
mod report;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use chain::{ChainError, Head, verify};
pub use log::{Limits, Log, LogError};
pub use report::{Report, Reports};

/// What happened, as its line tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The same as in the server's log.
    pub request: Uuid,
    /// Who asked.
    pub user: String,
    /// What was asked for.
    pub verb: Verb,
    /// The tables that were read or changed, as `schema.table`, and nodes of VOSpace by their identifiers. Those of a query that was refused are not known.
    pub tables: Vec<String>,
    /// What was decided, and what came of it.
    pub outcome: Outcome,
    /// Rows that were sent or stored.
    pub rows: u64,
    /// Bytes that were sent, or stored as a file; 0 for rows that were stored.
    pub bytes: u64,
}

/// What somebody did, or wanted to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Read rows.
    Read,
    /// Make a table or a node, or put rows or bytes into one.
    Write,
    /// Remove a table or a node.
    Drop,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was permitted, and done to the end.
    Done,
    /// It was permitted, and ended before its last row: cancelled, cut, or failed. The protocol's word for it.
    Ended(String),
    /// It was refused before it began. The protocol's word for the reason.
    Refused(String),
}
