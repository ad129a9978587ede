//! The files of a log, and how lines get into them.
//!
//! A line is in the system's hands before [`Log::add`] returns, so that a killed server loses none; a thread brings them
//! to the disk every second. A full file is followed by another one, whose name is the number of its first line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::Entry;
use crate::chain::{Head, Line, digest};

/// How often what was written is brought to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Bytes that are read to find the last line of a file.
const LAST_LINE_BYTES: u64 = 1 << 20;

/// The limits of a log.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a file, after which there is a new one.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 256 << 20 }
    }
}

/// Why a log cannot be kept.
#[derive(Debug, Error)]
pub enum LogError {
    /// A file or the directory cannot be read or written.
    #[error(
        "cannot use the audit log {path}: check that it is this program's own, and that the disk has room"
    )]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The last whole line is none of a log.
    #[error("the last line of the audit log {path} is damaged: keep the directory aside and start a new one")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// An open log, of one process at a time.
pub struct Log {
    dir: PathBuf,
    limits: Limits,
    end: Arc<Mutex<End>>,
}

struct End {
    head: Head,
    file: File,
    bytes: u64,
    /// Whether there is something that the disk does not have yet.
    dirty: bool,
}

impl Log {
    /// Opens the log of a directory, which is made if there is none. Half a line at its end, which a crash left, is
    /// cut off: what it would have told was never announced as done.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, LogError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| LogError::Unusable { path, source }
        };
        fs::create_dir_all(dir).map_err(failed(dir))?;
        let (path, head) = last(dir)?.unwrap_or_else(|| (dir.join(name(1)), Head::beginning()));
        let file = append(&path).map_err(failed(&path))?;
        let bytes = file.metadata().map_err(failed(&path))?.len();
        let end = Arc::new(Mutex::new(End { head, file, bytes, dirty: false }));
        sync_from_time_to_time(Arc::downgrade(&end));
        Ok(Self { dir: dir.to_owned(), limits, end })
    }

    /// Adds a line. That it cannot be written is said in the server's log, once for each line.
    pub fn add(&self, entry: Entry) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = end.add(entry, &self.dir, &self.limits) {
            tracing::error!(%error, dir = %self.dir.display(), "a line of the audit log is lost: is the disk full?");
        }
    }

    /// The end of the chain.
    pub fn head(&self) -> Head {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).head.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).sync();
    }
}

impl End {
    fn add(&mut self, entry: Entry, dir: &Path, limits: &Limits) -> io::Result<()> {
        let sequence = self.head.sequence + 1;
        if self.bytes >= limits.file_bytes {
            self.sync();
            self.file = append(&dir.join(name(sequence)))?;
            self.bytes = 0;
        }
        let line = Line { sequence, at: Timestamp::now(), entry, previous: self.head.digest.clone() };
        let mut text = serde_json::to_string(&line)?;
        let digest = digest(text.as_bytes());
        text.push('\n');
        // One write, at the end of the file, and the number is used only if it was whole.
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += text.len() as u64;
        self.head = Head { sequence, digest };
        self.dirty = true;
        Ok(())
    }

    fn sync(&mut self) {
        if std::mem::take(&mut self.dirty)
            && let Err(error) = self.file.sync_data()
        {
            tracing::error!(%error, "the audit log is not on the disk");
        }
    }
}

/// Ends with the log.
fn sync_from_time_to_time(end: Weak<Mutex<End>>) {
    thread::spawn(move || {
        while let Some(end) = end.upgrade() {
            end.lock().unwrap_or_else(PoisonError::into_inner).sync();
            drop(end);
            thread::sleep(SYNC_EVERY);
        }
    });
}

/// The files of a log, the oldest first. None where there is no directory.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>, LogError> {
    let failed = |source| LogError::Unusable { path: dir.to_owned(), source };
    let entries = fs::read_dir(dir).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    Ok(files)
}

fn name(first: u64) -> String {
    format!("{first:020}.jsonl")
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The last file that has a line, and the end of the chain in it. Later ones, which a crash left empty, are removed.
fn last(dir: &Path) -> Result<Option<(PathBuf, Head)>, LogError> {
    for path in files(dir)?.into_iter().rev() {
        let failed = |source| LogError::Unusable { path: path.clone(), source };
        let Some(text) = last_line(&path).map_err(failed)? else {
            fs::remove_file(&path).map_err(failed)?;
            continue;
        };
        let line =
            serde_json::from_slice::<Line>(&text).map_err(|_| LogError::Damaged { path: path.clone() })?;
        return Ok(Some((path, Head { sequence: line.sequence, digest: digest(&text) })));
    }
    Ok(None)
}

/// The last whole line of a file, without its end of line. Half a line after it is cut off.
fn last_line(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let from = file.metadata()?.len().saturating_sub(LAST_LINE_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end_before = |tail: &[u8]| tail.iter().rposition(|byte| *byte == b'\n');
    let Some(end) = end_before(&tail) else { return Ok(None) };
    file.set_len(from + end as u64 + 1)?;
    tail.truncate(end);
    let start = end_before(&tail).map_or(0, |before| before + 1);
    Ok(Some(tail.split_off(start)))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::{ChainError, Outcome, Verb, verify};

    fn entry(user: &str) -> Entry {
        Entry {
            request: Uuid::nil(),
            user: user.to_owned(),
            verb: Verb::Read,
            tables: vec!["gaiadr3.gaia_source".to_owned()],
            outcome: Outcome::Done,
            rows: 3,
            bytes: 24,
        }
    }

    /// A log of so many lines, in files of four.
    fn written(lines: usize) -> (TempDir, Head) {
        let dir = TempDir::new().expect("a directory");
        let log = Log::open(dir.path(), Limits { file_bytes: 1_000 }).expect("a log");
        (0..lines).for_each(|_| log.add(entry("maria")));
        (dir, log.head())
    }

    fn break_at(dir: &TempDir, file: usize, change: impl Fn(String) -> String) -> Result<Head, String> {
        let path = files(dir.path()).expect("files").swap_remove(file);
        let text = fs::read_to_string(&path).expect("text");
        fs::write(&path, change(text)).expect("written");
        verify(dir.path()).map_err(|error| match error {
            ChainError::Broken { path, line } => {
                format!(
                    "{} {line}",
                    path.file_stem().expect("a name").to_string_lossy().trim_start_matches('0')
                )
            }
            ChainError::Unreadable(error) => error.to_string(),
        })
    }

    #[test]
    fn a_line_says_who_what_and_how_much() {
        let (dir, _) = written(2);
        let text = fs::read_to_string(dir.path().join(name(1))).expect("text");
        let (first, second) = text.trim_end().split_once('\n').expect("two lines");
        let mut line: serde_json::Value = serde_json::from_str(second).expect("JSON");
        let at: Timestamp = serde_json::from_value(line["at"].take()).expect("a time");
        assert!(Timestamp::now().duration_since(at).abs().as_secs() < 600);
        let expected = serde_json::json!({
            "sequence": 2, "at": null, "request": "00000000-0000-0000-0000-000000000000", "user": "maria",
            "verb": "read", "tables": ["gaiadr3.gaia_source"], "outcome": "done", "rows": 3, "bytes": 24,
            "previous": digest(first.as_bytes()),
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn a_log_that_is_opened_again_goes_on_after_half_a_line_and_an_empty_file() {
        let (dir, head) = written(10);
        fs::write(dir.path().join(name(11)), "").expect("written");
        let last = files(dir.path()).expect("files").into_iter().rev().nth(1).expect("a file");
        append(&last).and_then(|mut file| file.write_all(b"{\"sequence\":11,\"at\":")).expect("written");
        let log = Log::open(dir.path(), Limits::default()).expect("a log");
        assert_eq!(log.head(), head);
        log.add(entry("caroline"));
        assert_eq!(verify(dir.path()).expect("whole"), log.head());
        assert_eq!(log.head().sequence, 11);
    }

    #[test]
    fn whatever_is_changed_removed_or_added_is_found() {
        let without = |n: usize| {
            move |text: String| {
                let lines = text.lines().enumerate().filter(|(at, _)| *at != n);
                lines.map(|(_, line)| format!("{line}\n")).collect()
            }
        };
        let (dir, head) = written(10);
        assert_eq!(break_at(&dir, 0, |text| text), Ok(head));
        assert_eq!(break_at(&dir, 0, |text| text.replacen("maria", "nobody", 1)), Err("1 2".to_owned()));
        assert_eq!(break_at(&written(10).0, 0, without(1)), Err("1 2".to_owned()));
        assert_eq!(break_at(&written(10).0, 1, without(0)), Err("5 1".to_owned()), "the first of a file");
        assert_eq!(break_at(&written(10).0, 0, |text| text.repeat(2)), Err("1 5".to_owned()));
        let (dir, head) = written(10);
        let shorter = break_at(&dir, 2, without(1)).expect("an end that is cut off is no break");
        assert_ne!(shorter, head, "but it is another end");
    }

    #[test]
    fn a_last_line_that_is_none_is_refused() {
        let (dir, _) = written(1);
        fs::write(dir.path().join(name(1)), "nothing\n").expect("written");
        assert!(matches!(Log::open(dir.path(), Limits::default()), Err(LogError::Damaged { .. })));
    }
}
