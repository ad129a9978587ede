//! A folder of a home in which something waits: a copy until it is whole, or what was removed until it is gone. Nobody sees
//! it. It is locked meanwhile, so that another server that opens the home knows it from one that a crash left.

use std::ffi::OsString;
use std::fs::File;

use super::error::HomeError;
use super::folder::Folder;
use super::{Home, staged_name};

/// The folder. When this goes, so does what is in it.
pub(super) struct Waiting {
    staging: Folder,
    name: OsString,
    folder: Folder,
    _lock: File,
}

impl Waiting {
    /// An empty one.
    pub(super) fn make(home: &Home) -> Result<Self, HomeError> {
        let (staging, name) = (home.staging()?, staged_name());
        staging.make(&name)?;
        let folder = staging.enter(&name)?;
        let lock = folder.again()?.into_file();
        lock.try_lock().map_err(|error| HomeError::Disk(error.into()))?;
        Ok(Self { staging, name, folder, _lock: lock })
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Removes it with all that is in it.
    pub(super) fn empty(self) -> Result<(), HomeError> {
        self.staging.remove_all(&self.name)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // What cannot be removed is swept when the home is next opened.
        let _ = self.staging.remove_all(&self.name);
    }
}
