//! A file on its way into a home. It is written beside all others, flushed, renamed into its place, and the names are
//! flushed: whoever looks sees the old file or the new one, also after a crash.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use api::names::Username;
use md5::{Digest, Md5};

use super::account::Room;
use super::entry::Kind;
use super::error::HomeError;
use super::folder::Folder;
use super::notes::Change;
use super::path::HomePath;
use super::{Home, Shared, lock, notes, staged_name};

/// A file that is not whole yet. When this goes before it is finished, nothing has happened.
pub struct Incoming {
    home: Home,
    parent: Folder,
    name: OsString,
    staging: Folder,
    staged: OsString,
    file: File,
    md5: Md5,
    bytes: u64,
    room: Room,
    _mark: Mark,
}

/// What was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its length.
    pub bytes: u64,
    /// The checksum of its bytes.
    pub md5: [u8; 16],
    /// Whether nothing was there before.
    pub is_new: bool,
}

impl Incoming {
    pub(super) fn begin(home: &Home, path: &HomePath) -> Result<Self, HomeError> {
        let (parent, name) = path.split().ok_or(HomeError::NotAFile)?;
        let (parent, name) = (home.enter(parent)?, name.to_owned());
        is_free(&parent, &name)?;
        let mark = Mark::set(home, path)?;
        let (staging, staged) = (home.staging()?, staged_name());
        let file = staging.create(&staged, Some((&parent, &name)))?;
        // Nobody takes it for left over.
        file.try_lock().map_err(|error| HomeError::Disk(error.into()))?;
        let room = Room::none(home);
        Ok(Self {
            home: home.clone(),
            parent,
            name,
            staging,
            staged,
            file,
            md5: Md5::new(),
            bytes: 0,
            room,
            _mark: mark,
        })
    }

    /// Adds bytes to it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HomeError> {
        self.room.grow(&self.home, bytes.len() as u64)?;
        self.file.write_all(bytes)?;
        self.md5.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Says something about it, and puts it into its place. With a checksum it has to be that of what was written.
    pub fn finish(mut self, notes: &[Change], expected: Option<[u8; 16]>) -> Result<Stored, HomeError> {
        let md5: [u8; 16] = self.md5.finalize_reset().into();
        if expected.is_some_and(|expected| expected != md5) {
            return Err(HomeError::Checksum);
        }
        notes::stamp(&self.file, md5);
        if !notes.is_empty() {
            notes::write(&self.file, notes, &self.home.shared.limits)?;
        }
        self.file.sync_all()?;
        let is_new = is_free(&self.parent, &self.name)?;
        self.staging.replace(&self.staged, &self.parent, &self.name)?;
        self.parent.sync()?;
        self.staging.sync()?;
        self.room.is_used();
        Ok(Stored { bytes: self.bytes, md5, is_new })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already, when it was finished.
        let _ = self.staging.remove_file(&self.staged);
    }
}

/// Whether nothing is at a name. What is there has to be a file.
fn is_free(parent: &Folder, name: &OsStr) -> Result<bool, HomeError> {
    match parent.entry(name).map(|entry| entry.kind) {
        Ok(Kind::File { .. }) => Ok(false),
        Ok(Kind::Container) => Err(HomeError::NotAFile),
        Ok(Kind::Link { .. }) => Err(HomeError::Link),
        Err(HomeError::Missing) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Says that a file is being put, until it goes.
struct Mark {
    shared: Arc<Shared>,
    key: (Username, HomePath),
}

impl Mark {
    fn set(home: &Home, path: &HomePath) -> Result<Self, HomeError> {
        let key = (home.owner.clone(), path.clone());
        match lock(&home.shared.busy).insert(key.clone()) {
            true => Ok(Self { shared: Arc::clone(&home.shared), key }),
            false => Err(HomeError::Busy),
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        lock(&self.shared.busy).remove(&self.key);
    }
}
