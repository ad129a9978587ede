//! The files of a request: directories are opened one level deep, in the order of names.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::error::ImportError;
use super::format;

/// One file, as it is now. A file that changes is another input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Input {
    pub path: PathBuf,
    pub bytes: u64,
    /// Since 1970.
    pub modified_nanoseconds: u64,
}

/// The files to read, in an order that depends on names alone.
pub(super) fn files(inputs: &[PathBuf]) -> Result<Vec<Input>, ImportError> {
    let mut files = Vec::new();
    for input in inputs {
        let found = expand(input).map_err(|source| ImportError::Input { path: input.clone(), source })?;
        if found.is_empty() {
            return Err(ImportError::NoFiles(input.clone()));
        }
        files.extend(found);
    }
    if files.is_empty() {
        return Err(ImportError::NoFiles(PathBuf::from("an empty list of files")));
    }
    Ok(files)
}

/// One file as it is now.
pub(super) fn file(path: &Path) -> io::Result<Input> {
    let metadata = path.metadata()?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified_nanoseconds = u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX);
    Ok(Input { path: path.to_owned(), bytes: metadata.len(), modified_nanoseconds })
}

fn expand(input: &Path) -> io::Result<Vec<Input>> {
    if !input.metadata()?.is_dir() {
        return Ok(vec![file(input)?]);
    }
    let mut paths = Vec::new();
    for entry in input.read_dir()? {
        let path = entry?.path();
        if path.is_file() && format::is_table_name(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}
