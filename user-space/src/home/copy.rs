//! Copying within a home: whole beside all others first, then renamed into its place, which has to be free.

use std::ffi::OsStr;
use std::io::{Read, Write};

use super::account::Room;
use super::entry::Kind;
use super::error::HomeError;
use super::folder::Folder;
use super::path::HomePath;
use super::remove::WALK_DEPTH;
use super::waiting::Waiting;
use super::{Home, Way};

/// Bytes that are copied between two looks at whether anybody waits.
const PIECE_BYTES: usize = 1 << 20;

/// A copy that goes on.
struct Copying<'a> {
    home: &'a Home,
    goes_on: &'a dyn Fn() -> bool,
    room: Room,
    entries: u64,
}

impl Home {
    /// Copies a file, a link, or a container with all that is in it, while `goes_on` says so. Properties stay with
    /// the original.
    pub fn copy(&self, from: &HomePath, to: &HomePath, goes_on: &dyn Fn() -> bool) -> Result<(), HomeError> {
        let Way { source, from, destination, to } = self.way(from, to)?;
        if destination.entry(to).is_ok() {
            return Err(HomeError::Exists);
        }
        let waiting = Waiting::make(self)?;
        let mut copying = Copying { home: self, goes_on, room: Room::none(self), entries: 0 };
        copying.copy(&source, from, waiting.folder(), to, WALK_DEPTH)?;
        waiting.folder().rename(to, &destination, to)?;
        copying.room.is_used();
        destination.sync()
    }
}

impl Copying<'_> {
    fn copy(
        &mut self,
        source: &Folder,
        name: &OsStr,
        destination: &Folder,
        copied_name: &OsStr,
        depth: usize,
    ) -> Result<(), HomeError> {
        self.count()?;
        match source.entry(name)?.kind {
            Kind::Link { target } => destination.link(copied_name, &target),
            Kind::File { .. } => self.copy_file(source, name, destination, copied_name),
            Kind::Container if depth == 0 => Err(HomeError::TooDeep { limit: WALK_DEPTH }),
            Kind::Container => {
                destination.make(copied_name)?;
                let (source, destination) = (source.enter(name)?, destination.enter(copied_name)?);
                for name in source.names()? {
                    match self.copy(&source, &name, &destination, &name, depth - 1) {
                        // Removed meanwhile, or nothing that a home shows.
                        Ok(()) | Err(HomeError::Missing) => {}
                        Err(error) => return Err(error),
                    }
                }
                destination.sync()
            }
        }
    }

    fn count(&mut self) -> Result<(), HomeError> {
        let limit = self.home.shared.limits.copied_entries;
        self.entries += 1;
        if self.entries > limit { Err(HomeError::TooMany { limit }) } else { Ok(()) }
    }

    fn copy_file(
        &mut self,
        source: &Folder,
        name: &OsStr,
        destination: &Folder,
        copied_name: &OsStr,
    ) -> Result<(), HomeError> {
        let (mut from, _) = source.open_file(name)?;
        let mut to = destination.create(copied_name, Some((source, name)))?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            if !(self.goes_on)() {
                return Err(HomeError::Stopped);
            }
            let length = from.read(&mut piece)?;
            if length == 0 {
                return Ok(to.sync_all()?);
            }
            self.room.grow(self.home, length as u64)?;
            to.write_all(&piece[..length])?;
        }
    }
}
