//! Removing: at once for whoever looks, and then for good.

use std::ffi::OsStr;

use super::Home;
use super::entry::Kind;
use super::error::HomeError;
use super::folder::Folder;
use super::path::HomePath;
use super::waiting::Waiting;

/// Containers in one another that are walked; each costs an open file.
pub(super) const WALK_DEPTH: usize = 200;

impl Home {
    /// Removes a file, a link, or a container with all that is in it.
    pub fn remove(&self, path: &HomePath) -> Result<(), HomeError> {
        let (parent, name) = path.split().ok_or(HomeError::Root)?;
        let folder = self.enter(parent)?;
        match folder.entry(name)?.kind {
            Kind::File { .. } | Kind::Link { .. } => folder.remove_file(name)?,
            Kind::Container => {
                // Away at once, whole; then piece by piece. What a crash leaves of it is swept.
                let waiting = Waiting::make(self)?;
                folder.rename(name, waiting.folder(), name)?;
                folder.sync()?;
                waiting.empty()?;
            }
        }
        folder.sync()
    }
}

impl Folder {
    /// Removes what is at a name, with all that is in it.
    pub(super) fn remove_all(&self, name: &OsStr) -> Result<(), HomeError> {
        self.remove_to(name, WALK_DEPTH)
    }

    fn remove_to(&self, name: &OsStr, depth: usize) -> Result<(), HomeError> {
        let folder = match self.enter(name) {
            Ok(folder) => folder,
            Err(HomeError::Link | HomeError::NoContainer) => return self.remove_file(name),
            Err(error) => return Err(error),
        };
        if depth == 0 {
            return Err(HomeError::TooDeep { limit: WALK_DEPTH });
        }
        for name in folder.names()? {
            folder.remove_to(&name, depth - 1)?;
        }
        self.remove_empty(name)
    }
}
