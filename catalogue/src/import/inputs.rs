//! The files of a request: directories are opened one level deep, in the order of names.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::error::ImportError;
use super::format;
use super::request::{ImportRequest, TableKind};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Role {
    /// It has the rows of the table.
    Rows,
    /// It says where the sources of the other files are.
    Positions,
}

/// One file, as it is now. A file that changes is another input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Input {
    pub path: PathBuf,
    pub role: Role,
    pub bytes: u64,
    /// Since 1970.
    pub modified_nanoseconds: u64,
}

/// The files to read, in an order that depends on names alone; one with positions is the last.
pub(super) fn files(request: &ImportRequest) -> Result<Vec<Input>, ImportError> {
    let mut files = Vec::new();
    for input in &request.inputs {
        let found = expand(input).map_err(|source| ImportError::Input { path: input.clone(), source })?;
        if found.is_empty() {
            return Err(ImportError::NoFiles(input.clone()));
        }
        files.extend(found);
    }
    if files.is_empty() {
        return Err(ImportError::NoFiles(PathBuf::from("an empty list of files")));
    }
    if let (Some(path), false) = (&request.positions, request.kind == TableKind::Catalogue) {
        let input = file(path, Role::Positions);
        files.push(input.map_err(|source| ImportError::Input { path: path.clone(), source })?);
    }
    Ok(files)
}

/// One file as it is now.
fn file(path: &Path, role: Role) -> io::Result<Input> {
    let metadata = path.metadata()?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified_nanoseconds = u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX);
    Ok(Input { path: path.to_owned(), role, bytes: metadata.len(), modified_nanoseconds })
}

fn expand(input: &Path) -> io::Result<Vec<Input>> {
    if !input.metadata()?.is_dir() {
        return Ok(vec![file(input, Role::Rows)?]);
    }
    let mut paths = Vec::new();
    for entry in input.read_dir()? {
        let path = entry?.path();
        if path.is_file() && format::is_table_name(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| file(path, Role::Rows)).collect()
}
