//! Outputs into a notebook's file: read, merged, and replaced as a whole, unless somebody else wrote meanwhile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::execution::Execution;
use super::notebook;

/// How often a file that somebody else writes at the same moment is tried again.
const ATTEMPTS: usize = 5;

/// Why outputs could not be brought home.
#[derive(Debug, Error)]
pub enum HomeError {
    /// The notebook cannot be read or written.
    #[error("cannot read or write {}: {source}", path.display())]
    File {
        /// The notebook.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a notebook.
    #[error("{} is not a notebook: {source}", path.display())]
    NotANotebook {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Others write it all the time.
    #[error("{} is written by somebody else all the time", .0.display())]
    Busy(PathBuf),
}

/// Writes the outputs of `executions` into the notebook at `path`.
pub fn bring_home(path: &Path, executions: &[Execution]) -> Result<(), HomeError> {
    let file = |source| HomeError::File { path: path.to_owned(), source };
    // A link stays a link to the same file.
    let target = path.canonicalize().map_err(file)?;
    for _ in 0..ATTEMPTS {
        let before = fs::read_to_string(&target).map_err(file)?;
        let merged = notebook::with_outputs(&before, executions)
            .map_err(|source| HomeError::NotANotebook { path: path.to_owned(), source })?;
        let Some(text) = merged else { return Ok(()) };
        if replace(&target, &before, &text).map_err(file)? {
            tracing::info!("brought outputs of {} cells home to {}", executions.len(), path.display());
            return Ok(());
        }
    }
    Err(HomeError::Busy(path.to_owned()))
}

/// Replaces the file if it still has the text `before`.
fn replace(target: &Path, before: &str, text: &str) -> io::Result<bool> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let new = target.with_file_name(format!(".{name}.nearside"));
    fs::write(&new, text)?;
    fs::set_permissions(&new, fs::metadata(target)?.permissions())?;
    fs::File::open(&new)?.sync_all()?;
    let is_ours = fs::read_to_string(target)? == before;
    match is_ours {
        true => fs::rename(&new, target)?,
        false => fs::remove_file(&new)?,
    }
    Ok(is_ours)
}
