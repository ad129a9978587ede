//! The directory in which an import grows: `.NAME.import` beside the table, with a journal of what is finished.
//!
//! After a crash the same request goes on from the journal; another request begins anew. What is not in the journal
//! does not count. Only one process at a time works on a table.

mod journal;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub(super) use journal::{Entry, ReadEntry, TileEntry};

use super::error::ImportError;
use super::inputs::Input;
use super::request::{ImportRequest, RequestKey};
use super::summary::Start;
use journal::Journal;

/// An import in progress.
pub(super) struct Work {
    dir: PathBuf,
    journal: Journal,
    finished: Vec<Entry>,
    start: Start,
    _lock: File,
}

impl Work {
    /// Finds what an earlier run of this request left, or begins anew.
    pub fn open(target: &Path, request: &ImportRequest, inputs: &[Input]) -> Result<Self, ImportError> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let dir = target.with_file_name(format!(".{name}.import"));
        fs::create_dir_all(&dir).map_err(failed("create", &dir))?;
        let lock = lock(&dir, target)?;
        let key = RequestKey::new(request, inputs);
        let path = dir.join("journal");
        let old = journal::read(&path).map_err(failed("read", &path))?;
        let (start, finished) = match old {
            Some((old_key, entries)) if old_key == key => {
                let finished = still_good(&dir, inputs, entries);
                let files = finished.iter().filter(|entry| matches!(entry, Entry::Read(_))).count() as u64;
                let tiles = finished.len() as u64 - files;
                (if files > 0 { Start::WentOn { files, tiles } } else { Start::Fresh }, finished)
            }
            Some(_) => (Start::StartedOver, Vec::new()),
            None => (Start::Fresh, Vec::new()),
        };
        if finished.is_empty() {
            for part in ["runs", "tiles"].map(|part| dir.join(part)) {
                if part.exists() {
                    fs::remove_dir_all(&part).map_err(failed("clear", &part))?;
                }
            }
        }
        for part in ["runs", "tiles"].map(|part| dir.join(part)) {
            fs::create_dir_all(&part).map_err(failed("create", &part))?;
        }
        let journal = Journal::create(&path, &key, &finished).map_err(failed("write", &path))?;
        Ok(Self { dir, journal, finished, start, _lock: lock })
    }

    /// Where the import began.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Where sorted rows wait for the second pass.
    pub fn runs(&self) -> PathBuf {
        self.dir.join("runs")
    }

    /// The file of a finished tile.
    pub fn tile(&self, order: u8, npix: u64) -> PathBuf {
        self.dir.join("tiles").join(format!("{order}-{npix}.parquet"))
    }

    /// What an earlier run finished with the input of this number.
    pub fn read_before(&self, input: usize) -> Option<&ReadEntry> {
        self.finished.iter().find_map(|entry| match entry {
            Entry::Read(read) if read.input == input => Some(read),
            _ => None,
        })
    }

    /// A tile that an earlier run finished.
    pub fn tile_before(&self, order: u8, npix: u64) -> Option<&TileEntry> {
        self.finished.iter().find_map(|entry| match entry {
            Entry::Tile(tile) if (tile.order, tile.npix) == (order, npix) => Some(tile),
            _ => None,
        })
    }

    /// Writes down that something is finished and on disk; may be called from many threads.
    pub fn finish(&self, entry: &Entry) -> Result<(), ImportError> {
        self.journal.append(entry).map_err(failed("write", &self.dir.join("journal")))
    }

    /// Removes everything: the table is in its place, or nothing is worth keeping.
    pub fn clear(self) -> Result<(), ImportError> {
        fs::remove_dir_all(&self.dir).map_err(failed("remove", &self.dir))
    }

    /// Removes everything unless something is finished that another run could go on from.
    pub fn clear_if_useless(self) -> Result<(), ImportError> {
        if self.journal.is_empty() { self.clear() } else { Ok(()) }
    }
}

fn lock(dir: &Path, target: &Path) -> Result<File, ImportError> {
    let lock = File::open(dir).map_err(failed("open", dir))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ImportError::Busy(target.to_owned())),
        Err(TryLockError::Error(source)) => {
            Err(ImportError::Work { action: "lock", path: dir.to_owned(), source })
        }
    }
}

/// The entries of files that did not change since. Tiles count only when all files do.
fn still_good(dir: &Path, inputs: &[Input], entries: Vec<Entry>) -> Vec<Entry> {
    let good = |entry: &Entry| match entry {
        Entry::Read(read) => {
            let runs = read.runs.iter().all(|run| dir.join("runs").join(run).exists());
            inputs.get(read.input) == Some(&read.file) && runs
        }
        Entry::Tile(_) => true,
    };
    let mut entries: Vec<Entry> = entries.into_iter().filter(good).collect();
    let files = entries.iter().filter(|entry| matches!(entry, Entry::Read(_))).count();
    let whole = |tile: &TileEntry| {
        let path = dir.join("tiles").join(format!("{}-{}.parquet", tile.order, tile.npix));
        path.metadata().is_ok_and(|metadata| metadata.len() == tile.bytes)
    };
    entries.retain(|entry| match entry {
        Entry::Read(_) => true,
        Entry::Tile(tile) => files == inputs.len() && whole(tile),
    });
    entries
}

/// Wraps an error of the file system; for `map_err`.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ImportError {
    let path = path.to_owned();
    move |source| ImportError::Work { action, path, source }
}
