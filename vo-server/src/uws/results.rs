//! The files of jobs. A run writes a part of its own, which becomes the result of that run in one rename: a run that
//! was overtaken by another, here or at another server, touches nothing of it.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::job::Job;
use super::jobs::Jobs;
use super::phase::Phase;
use crate::answer::{Sink, WriteError};
use crate::state::{State, StateError};

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 20;
/// How files end that are being written.
const PART: &str = "part";

/// Where the result of a run is.
pub(super) fn path(state: &State, id: &str, run: i64) -> PathBuf {
    state.results().join(format!("{id}.{run}"))
}

/// Where the tables are that came with a job.
pub(super) fn uploads_path(state: &State, id: &str) -> PathBuf {
    state.results().join(format!("{id}.uploads"))
}

/// Removes a result; one that is not there is as good as removed.
pub(super) async fn remove(path: PathBuf) -> Result<(), StateError> {
    match fs::remove_file(&path).await {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StateError::File { path, source })
        }
        _ => Ok(()),
    }
}

/// The file of a run. It goes when this is dropped, unless it was put into its place.
pub(super) struct Part {
    path: PathBuf,
    whole: PathBuf,
}

impl Part {
    /// The part of this run of a job.
    pub(super) fn new(state: &State, id: &str, run: i64) -> Self {
        let whole = path(state, id, run);
        Self { path: whole.with_added_extension(PART), whole }
    }

    /// Where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the whole, flushed file into its place; where that is.
    pub(super) async fn put(&self, state: &State) -> Result<PathBuf, StateError> {
        let file = |source| StateError::File { path: self.whole.clone(), source };
        fs::rename(&self.path, &self.whole).await.map_err(file)?;
        let directory = File::open(state.results()).await.map_err(file)?;
        directory.sync_all().await.map_err(file)?;
        Ok(self.whole.clone())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is not there when it was put into its place, or was never begun; one that stays is left to the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A result on its way to the disk.
pub(super) struct ResultFile {
    writer: BufWriter<File>,
    bytes: u64,
    limit: u64,
}

impl ResultFile {
    /// A new file of at most `limit` bytes.
    pub(super) async fn create(path: &Path, limit: u64) -> std::io::Result<Self> {
        let writer = BufWriter::with_capacity(BUFFER_BYTES, File::create(path).await?);
        Ok(Self { writer, bytes: 0, limit })
    }

    /// Makes it durable; its length.
    pub(super) async fn store(mut self) -> std::io::Result<u64> {
        self.writer.flush().await?;
        self.writer.get_ref().sync_all().await?;
        Ok(self.bytes)
    }
}

impl Sink for ResultFile {
    async fn put(&mut self, piece: Vec<u8>) -> Result<(), WriteError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limit {
            return Err(WriteError::TooLarge { limit_bytes: self.limit });
        }
        Ok(self.writer.write_all(&piece).await?)
    }
}

/// Removes what crashes have left: files of runs that no job has, or has no more.
pub(super) async fn remove_leftovers(state: &State) -> Result<(), StateError> {
    let listed = |source| StateError::File { path: state.results().to_owned(), source };
    let mut entries = fs::read_dir(state.results()).await.map_err(listed)?;
    while let Some(entry) = entries.next_entry().await.map_err(listed)? {
        let name = entry.file_name();
        let Some((id, run, part)) = name.to_str().and_then(parsed) else { continue };
        let job = Jobs::new(state).find(id).await?;
        if !job.is_some_and(|job| job.run == run && is_needed(&job, part)) {
            remove(entry.path()).await?;
        }
    }
    Ok(())
}

fn is_needed(job: &Job, part: bool) -> bool {
    match job.phase {
        // Another server runs it.
        Phase::Executing => true,
        Phase::Completed => !part,
        _ => false,
    }
}

/// Job, run, and whether it is a part.
fn parsed(name: &str) -> Option<(&str, i64, bool)> {
    let (whole, part) = match name.strip_suffix(".part") {
        Some(whole) => (whole, true),
        None => (name, false),
    };
    let (id, run) = whole.rsplit_once('.')?;
    Some((id, run.parse().ok()?, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_runs_are_looked_at() {
        assert_eq!(parsed("6923ab.2"), Some(("6923ab", 2, false)));
        assert_eq!(parsed("6923ab.12.part"), Some(("6923ab", 12, true)));
        assert_eq!((parsed("6923ab.uploads"), parsed("notes.txt"), parsed("6923ab")), (None, None, None));
    }
}
