//! An opened directory, and what can be done with the names in it. No call follows a link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::entry::{Entry, Kind};
use super::error::HomeError;

/// Opens a directory that is no link.
const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Opens a file that is no link; a pipe that nobody writes to does not block it.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
/// Creates a file that was not there.
const NEW_FILE: OFlags =
    OFlags::RDWR.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory of a home.
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// The directory at a path of the system, which is no link.
    pub(super) fn open(path: &Path) -> Result<Self, HomeError> {
        Ok(Self(fs::open(path, DIRECTORY, Mode::empty())?))
    }

    /// The same directory, opened once more.
    pub(super) fn again(&self) -> Result<Self, HomeError> {
        Ok(Self(fs::openat(&self.0, c".", DIRECTORY, Mode::empty())?))
    }

    /// A directory in it, on the way to something.
    pub(super) fn enter(&self, name: &OsStr) -> Result<Self, HomeError> {
        match fs::openat(&self.0, name, DIRECTORY, Mode::empty()) {
            Ok(directory) => Ok(Self(directory)),
            Err(Errno::NOENT) => Err(HomeError::NoContainer),
            // A link, or a file.
            Err(Errno::NOTDIR | Errno::LOOP) => Err(match self.stat(name).map(|stat| kind_of(&stat)) {
                Ok(FileType::Symlink) => HomeError::Link,
                _ => HomeError::NoContainer,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// A directory in it, made for its owner alone where there is none.
    pub(super) fn enter_or_make(&self, name: &OsStr) -> Result<Self, HomeError> {
        match fs::mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => self.enter(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a directory, for whom the system's mask allows it.
    pub(super) fn make(&self, name: &OsStr) -> Result<(), HomeError> {
        Ok(fs::mkdirat(&self.0, name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?)
    }

    /// Makes a symbolic link.
    pub(super) fn link(&self, name: &OsStr, target: &OsStr) -> Result<(), HomeError> {
        Ok(fs::symlinkat(target, &self.0, name)?)
    }

    /// The names in it, in no order.
    pub(super) fn names(&self) -> Result<Vec<OsString>, HomeError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// What a name stands for.
    pub(super) fn entry(&self, name: &OsStr) -> Result<Entry, HomeError> {
        let stat = self.stat(name)?;
        let kind = match kind_of(&stat) {
            FileType::Directory => Kind::Container,
            FileType::RegularFile => Kind::File { bytes: u64::try_from(stat.st_size).unwrap_or_default() },
            FileType::Symlink => {
                let target = fs::readlinkat(&self.0, name, Vec::new())?;
                Kind::Link { target: OsString::from_vec(target.into_bytes()) }
            }
            _ => return Err(HomeError::Missing),
        };
        Ok(Entry { name: name.to_owned(), kind, modified: modified(&stat) })
    }

    /// The directory itself, without a name.
    pub(super) fn itself(&self) -> Result<Entry, HomeError> {
        let stat = fs::fstat(&self.0)?;
        Ok(Entry { name: OsString::new(), kind: Kind::Container, modified: modified(&stat) })
    }

    /// A file in it, to read.
    pub(super) fn open_file(&self, name: &OsStr) -> Result<(File, Entry), HomeError> {
        let before = self.entry(name)?;
        match before.kind {
            Kind::File { .. } => {}
            Kind::Container => return Err(HomeError::NotAFile),
            Kind::Link { .. } => return Err(HomeError::Link),
        }
        let file = fs::openat(&self.0, name, FILE, Mode::empty())?;
        // It may have become something else since.
        let stat = fs::fstat(&file)?;
        if kind_of(&stat) != FileType::RegularFile {
            return Err(HomeError::Missing);
        }
        let kind = Kind::File { bytes: u64::try_from(stat.st_size).unwrap_or_default() };
        Ok((file.into(), Entry { kind, modified: modified(&stat), ..before }))
    }

    /// A new file in it, with the permissions of `like` where that is a file.
    pub(super) fn create(&self, name: &OsStr, like: Option<(&Self, &OsStr)>) -> Result<File, HomeError> {
        let file = fs::openat(&self.0, name, NEW_FILE, Mode::from_raw_mode(0o666))?;
        let model = like.and_then(|(folder, name)| folder.stat(name).ok());
        if let Some(stat) = model.filter(|stat| kind_of(stat) == FileType::RegularFile) {
            fs::fchmod(&file, Mode::from_raw_mode(stat.st_mode) & Mode::from_raw_mode(0o777))?;
        }
        Ok(file.into())
    }

    /// Moves a name to a directory where it is free.
    pub(super) fn rename(&self, from: &OsStr, into: &Self, to: &OsStr) -> Result<(), HomeError> {
        Ok(fs::renameat_with(&self.0, from, &into.0, to, RenameFlags::NOREPLACE)?)
    }

    /// Moves a file to a directory, in place of a file that is there.
    pub(super) fn replace(&self, from: &OsStr, into: &Self, to: &OsStr) -> Result<(), HomeError> {
        match fs::renameat(&self.0, from, &into.0, to) {
            Err(Errno::ISDIR) => Err(HomeError::NotAFile),
            renamed => Ok(renamed?),
        }
    }

    /// Removes a file or link.
    pub(super) fn remove_file(&self, name: &OsStr) -> Result<(), HomeError> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(super) fn remove_empty(&self, name: &OsStr) -> Result<(), HomeError> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Whether nobody has locked what is at a name.
    pub(super) fn is_free(&self, name: &OsStr) -> bool {
        let opened = fs::openat(&self.0, name, FILE, Mode::empty()).map(File::from);
        opened.is_ok_and(|file| file.try_lock().is_ok())
    }

    /// Makes the names in it durable.
    pub(super) fn sync(&self) -> Result<(), HomeError> {
        Ok(fs::fsync(&self.0)?)
    }

    /// The directory as a file, to read and write what is said about it.
    pub(super) fn into_file(self) -> File {
        self.0.into()
    }

    fn stat(&self, name: &OsStr) -> Result<Stat, Errno> {
        if name.as_bytes().contains(&0) {
            return Err(Errno::NOENT);
        }
        fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)
    }
}

fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn modified(stat: &Stat) -> Timestamp {
    let nanoseconds = i32::try_from(stat.st_mtime_nsec).unwrap_or_default();
    Timestamp::new(stat.st_mtime, nanoseconds).unwrap_or_default()
}
