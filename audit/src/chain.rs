//! The chain: every line holds the digest of the line before it, across files.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::Entry;
use crate::log::{LogError, files};

/// A line of the log.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    /// Counted from 1, across files.
    pub(crate) sequence: u64,
    /// UTC.
    pub(crate) at: jiff::Timestamp,
    #[serde(flatten)]
    pub(crate) entry: Entry,
    /// The digest of the line before, without its end of line, in hexadecimal digits.
    pub(crate) previous: String,
}

/// The end of the chain. Whoever wrote it down elsewhere finds out whether lines at the end were cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Lines so far.
    pub sequence: u64,
    /// The digest of the last one, in hexadecimal digits; empty before the first.
    pub digest: String,
}

impl Head {
    pub(crate) fn beginning() -> Self {
        Self { sequence: 0, digest: String::new() }
    }

    /// The end after this line, if it follows.
    pub(crate) fn after(&self, text: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(text).ok()?;
        let follows = line.sequence == self.sequence + 1 && line.previous == self.digest;
        follows.then(|| Self { sequence: line.sequence, digest: digest(text.as_bytes()) })
    }
}

/// Where a chain is broken.
#[derive(Debug, Error)]
pub enum ChainError {
    /// A line that does not follow from the one before.
    #[error("{path}, line {line}: it was changed, or lines before it were changed, removed or added")]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line in it, counted from 1.
        line: usize,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Unreadable(#[from] LogError),
}

/// Reads the whole log of a directory and returns its end. Fails at the first line that does not follow from the one
/// before it.
pub fn verify(dir: &Path) -> Result<Head, ChainError> {
    let mut head = Head::beginning();
    for path in files(dir)? {
        let failed = |source| LogError::Unusable { path: path.clone(), source };
        let lines = BufReader::new(File::open(&path).map_err(failed)?).lines();
        for (number, text) in lines.enumerate() {
            let text = text.map_err(failed)?;
            let broken = || ChainError::Broken { path: path.clone(), line: number + 1 };
            head = head.after(&text).ok_or_else(broken)?;
        }
    }
    Ok(head)
}

pub(crate) fn digest(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}
