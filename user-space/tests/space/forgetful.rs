//! A disk that fails at a chosen step and then forgets what nobody flushed, as a machine does that loses power.
//!
//! It works on a real directory and keeps what it would need to undo: the flushed length of every file, and every
//! change of a name since the names were last flushed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use user_space::{Disk, LocalDisk, NewFile};

/// What is lost of unflushed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it.
    Everything,
    /// Nothing: the disk was quicker than the crash.
    Nothing,
    /// The contents, but not the names.
    Contents,
    /// The names, but not the contents.
    Names,
}

impl Loss {
    pub const ALL: [Self; 4] = [Self::Everything, Self::Nothing, Self::Contents, Self::Names];
}

#[derive(Debug, Default)]
struct Volatile {
    steps: usize,
    /// The step that fails, and all that follow.
    fails_at: Option<usize>,
    /// Files with more bytes than were flushed.
    unflushed: Vec<(PathBuf, u64)>,
    /// Changes of names, oldest first.
    names: Vec<Rename>,
}

#[derive(Debug)]
enum Rename {
    Created(PathBuf),
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf, contents: Vec<u8> },
}

/// The disk. Clones are the same one.
#[derive(Clone, Default)]
pub struct ForgetfulDisk(Arc<Mutex<Volatile>>);

impl ForgetfulDisk {
    /// One that fails at a step, counted from 0; `None` never fails.
    pub fn failing_at(step: Option<usize>) -> Self {
        Self(Arc::new(Mutex::new(Volatile { fails_at: step, ..Volatile::default() })))
    }

    /// Steps taken, with those that failed.
    pub fn steps(&self) -> usize {
        self.volatile().steps
    }

    /// Fails at the step that comes `after` this many more.
    pub fn fail_after(&self, after: usize) {
        let mut volatile = self.volatile();
        volatile.fails_at = Some(volatile.steps + after);
    }

    /// The power is back: undoes what was not flushed, as far as it is lost.
    pub fn forget(&self, loss: Loss) {
        let mut volatile = self.volatile();
        if matches!(loss, Loss::Everything | Loss::Contents) {
            for (path, bytes) in volatile.unflushed.drain(..) {
                if let Ok(file) = File::options().write(true).open(path) {
                    file.set_len(bytes).expect("a file of ours");
                }
            }
        }
        if matches!(loss, Loss::Everything | Loss::Names) {
            for name in volatile.names.drain(..).rev() {
                match name {
                    Rename::Created(path) => drop(fs::remove_file(path)),
                    Rename::Renamed { from, to } => drop(fs::rename(to, from)),
                    Rename::Removed { path, contents } => fs::write(path, contents).expect("our directory"),
                }
            }
        }
    }

    fn volatile(&self) -> std::sync::MutexGuard<'_, Volatile> {
        self.0.lock().expect("no test panics while it holds this lock")
    }

    fn step(&self) -> io::Result<()> {
        let mut volatile = self.volatile();
        let step = volatile.steps;
        volatile.steps += 1;
        match volatile.fails_at {
            Some(fails_at) if step >= fails_at => Err(io::Error::other("the power is gone")),
            _ => Ok(()),
        }
    }
}

impl Disk for ForgetfulDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn NewFile>> {
        self.step()?;
        let file = LocalDisk.create(path)?;
        let mut volatile = self.volatile();
        volatile.names.push(Rename::Created(path.to_owned()));
        volatile.unflushed.push((path.to_owned(), 0));
        drop(volatile);
        Ok(Box::new(ForgetfulFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        LocalDisk.rename(from, to)?;
        let mut volatile = self.volatile();
        volatile.names.push(Rename::Renamed { from: from.to_owned(), to: to.to_owned() });
        for (path, _) in volatile.unflushed.iter_mut().filter(|(path, _)| path == from) {
            *path = to.to_owned();
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let contents = fs::read(path)?;
        LocalDisk.remove(path)?;
        self.volatile().names.push(Rename::Removed { path: path.to_owned(), contents });
        Ok(())
    }

    fn sync_names(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        LocalDisk.sync_names(dir)?;
        self.volatile().names.clear();
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        LocalDisk.list(dir)
    }

    fn is_being_written(&self, path: &Path) -> io::Result<bool> {
        LocalDisk.is_being_written(path)
    }
}

struct ForgetfulFile {
    disk: ForgetfulDisk,
    path: PathBuf,
    file: Box<dyn NewFile>,
}

impl Write for ForgetfulFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.step()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFile for ForgetfulFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.step()?;
        self.file.sync()?;
        self.disk.volatile().unflushed.retain(|(path, _)| *path != self.path);
        Ok(())
    }
}
