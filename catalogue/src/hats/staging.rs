//! A directory that appears whole or not at all.
//!
//! A new table grows in `.NAME.new` next to its place. When everything in it is on disk, an old table moves
//! aside to `.NAME.old`, the new one moves in, the old one goes. A crash leaves the old or the new table, and
//! leftovers that [`sweep`] clears away. Writers hold a shared lock on the parent directory, so that a sweep
//! never takes the work of somebody who is alive.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::HatsError;

const NEW: &str = ".new";
const OLD: &str = ".old";

/// How long a table may be missing because its writer is just replacing it.
const RESTORE_WITHIN: Duration = Duration::from_secs(2);
const RESTORE_PAUSE: Duration = Duration::from_millis(10);

/// A table in the making. Dropped before [`Staging::publish`], it leaves nothing behind.
pub(super) struct Staging {
    target: PathBuf,
    dir: PathBuf,
    /// The parent directory, locked and used for fsync.
    parent: File,
}

impl Staging {
    /// Begins a table that will appear at `target`. Creates the parent directory when it is missing.
    pub fn create(target: &Path) -> Result<Self, HatsError> {
        let parent_path = parent_of(target);
        fs::create_dir_all(parent_path).map_err(HatsError::io("create", parent_path))?;
        sweep(parent_path)?;
        let parent = File::open(parent_path).map_err(HatsError::io("open", parent_path))?;
        parent.lock_shared().map_err(HatsError::io("lock", parent_path))?;
        let dir = sibling(target, NEW);
        match fs::create_dir(&dir) {
            Ok(()) => Ok(Self { target: target.to_owned(), dir, parent }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(HatsError::Busy { path: target.to_owned() })
            }
            Err(source) => Err(HatsError::Io { action: "create", path: dir, source }),
        }
    }

    /// Where the table grows.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes everything durable and moves the table into its place, replacing one that is there.
    pub fn publish(self) -> Result<(), HatsError> {
        sync_tree(&self.dir)?;
        let old = sibling(&self.target, OLD);
        if self.target.exists() {
            rename(&self.target, &old)?;
        }
        rename(&self.dir, &self.target)?;
        let parent = parent_of(&self.target);
        self.parent.sync_all().map_err(HatsError::io("sync", parent))?;
        // The parent itself may be new.
        sync(parent_of(parent))?;
        remove(&old)
    }

    /// Removes the table that is in its place, if there is one, and puts nothing there.
    pub fn withdraw(self) -> Result<(), HatsError> {
        remove(&self.target)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After `publish` there is nothing at this path any more; a failure here is found by the next sweep.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Puts back the tables in `parent` that a crash caught between "old one aside" and "new one in"; removes nothing.
/// Waits a moment for a writer that is at work there, as it may be between the two itself.
pub fn restore(parent: &Path) -> Result<(), HatsError> {
    let stranded = || {
        leftovers(parent)
            .map(|all| all.into_iter().filter(|(_, target, kind)| *kind == OLD && !target.exists()))
    };
    let began = Instant::now();
    while stranded()?.next().is_some() && began.elapsed() < RESTORE_WITHIN {
        let Some(_lock) = exclusive(parent)? else {
            std::thread::sleep(RESTORE_PAUSE);
            continue;
        };
        return stranded()?.try_for_each(|(path, target, _)| rename(&path, &target));
    }
    Ok(())
}

/// Clears what crashed writers left in a directory of tables, and puts back a table that a crash caught
/// between "old one aside" and "new one in". Does nothing while a writer is at work there.
pub(super) fn sweep(parent: &Path) -> Result<(), HatsError> {
    let Some(_lock) = exclusive(parent)? else { return Ok(()) };
    for (path, target, kind) in leftovers(parent)? {
        if kind == OLD && !target.exists() { rename(&path, &target)? } else { remove(&path)? }
    }
    Ok(())
}

/// The parent directory, locked against all writers; `None` while one is at work.
fn exclusive(parent: &Path) -> Result<Option<File>, HatsError> {
    let lock = File::open(parent).map_err(HatsError::io("open", parent))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(HatsError::io("lock", parent)(source)),
    }
}

/// What writers left in `parent`: where it is, which table it belongs to, and of which kind it is.
fn leftovers(parent: &Path) -> Result<Vec<(PathBuf, PathBuf, &'static str)>, HatsError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(HatsError::io("list", parent))? {
        let path = entry.map_err(HatsError::io("list", parent))?.path();
        found.extend(leftover(&path).map(|(target, kind)| (path, target, kind)));
    }
    Ok(found)
}

/// The table that a leftover belongs to, and which kind of leftover it is.
fn leftover(path: &Path) -> Option<(PathBuf, &'static str)> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    [NEW, OLD].into_iter().find_map(|kind| Some((path.with_file_name(name.strip_suffix(kind)?), kind)))
}

fn sibling(target: &Path, kind: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}{kind}"))
}

fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn rename(from: &Path, to: &Path) -> Result<(), HatsError> {
    fs::rename(from, to).map_err(HatsError::io("move into place", to))
}

fn remove(dir: &Path) -> Result<(), HatsError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(HatsError::io("remove", dir)(error))
        }
        _ => Ok(()),
    }
}

/// Flushes every file and directory below `dir`, and `dir`, to the disk.
fn sync_tree(dir: &Path) -> Result<(), HatsError> {
    for entry in fs::read_dir(dir).map_err(HatsError::io("list", dir))? {
        let path = entry.map_err(HatsError::io("list", dir))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            sync(&path)?;
        }
    }
    sync(dir)
}

fn sync(path: &Path) -> Result<(), HatsError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(HatsError::io("sync", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(parent: &Path, name: &str, content: &str) {
        fs::create_dir(parent.join(name)).expect("a new directory");
        fs::write(parent.join(name).join("file"), content).expect("a new file");
    }

    fn names(parent: &Path) -> Vec<String> {
        let entries = fs::read_dir(parent).expect("a directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn content(parent: &Path) -> String {
        fs::read_to_string(parent.join("stars/file")).expect("the table's file")
    }

    #[test]
    fn a_published_table_replaces_the_old_one_and_leaves_nothing_else() {
        let parent = tempfile::tempdir().expect("a directory");
        table(parent.path(), "stars", "old");
        let staging = Staging::create(&parent.path().join("stars")).expect("a staging directory");
        fs::write(staging.dir().join("file"), "new").expect("a new file");
        assert_eq!(content(parent.path()), "old");
        staging.publish().expect("published");
        assert_eq!(
            (content(parent.path()).as_str(), names(parent.path())),
            ("new", vec!["stars".to_owned()])
        );
    }

    #[test]
    fn an_abandoned_table_leaves_nothing() {
        let parent = tempfile::tempdir().expect("a directory");
        drop(Staging::create(&parent.path().join("stars")).expect("a staging directory"));
        assert_eq!(names(parent.path()), Vec::<String>::new());
    }

    #[test]
    fn every_crash_leaves_the_old_or_the_new_table() {
        for (before, expected) in [
            (vec![("stars", "old"), (".stars.new", "half")], "old"),
            (vec![(".stars.old", "old"), (".stars.new", "whole")], "old"),
            (vec![(".stars.old", "old"), ("stars", "new")], "new"),
        ] {
            let parent = tempfile::tempdir().expect("a directory");
            before.iter().for_each(|(name, content)| table(parent.path(), name, content));
            sweep(parent.path()).expect("swept");
            assert_eq!(
                (content(parent.path()).as_str(), names(parent.path())),
                (expected, vec!["stars".to_owned()])
            );
        }
    }

    #[test]
    fn restoring_puts_back_and_removes_nothing() {
        let parent = tempfile::tempdir().expect("a directory");
        for (name, content) in [(".stars.old", "old"), (".stars.new", "whole"), (".sky.new", "half")] {
            table(parent.path(), name, content);
        }
        restore(parent.path()).expect("restored");
        assert_eq!(content(parent.path()), "old");
        assert_eq!(names(parent.path()), [".sky.new", ".stars.new", "stars"]);
    }

    #[test]
    fn a_sweep_leaves_a_living_writer_alone() {
        let parent = tempfile::tempdir().expect("a directory");
        let staging = Staging::create(&parent.path().join("stars")).expect("a staging directory");
        sweep(parent.path()).expect("swept");
        assert!(staging.dir().exists());
        let second = Staging::create(&parent.path().join("stars")).map(drop);
        assert!(matches!(second, Err(HatsError::Busy { .. })), "{second:?}");
    }
}
