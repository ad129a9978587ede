//! The files of a request: directories are opened one level deep, in the order of names.

use std::io;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::format;

/// The files to read, in an order that depends on names alone.
pub(super) fn files(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, ImportError> {
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

fn expand(input: &Path) -> io::Result<Vec<PathBuf>> {
    if !input.metadata()?.is_dir() {
        return Ok(vec![input.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in input.read_dir()? {
        let path = entry?.path();
        if path.is_file() && format::is_table_name(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
