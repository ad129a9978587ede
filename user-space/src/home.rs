//! Homes: the directories of files that people's labs work in, reached from outside a lab.
//!
//! What is put here the lab sees, and what the lab writes is seen here: there is one home and no copy of it. Every
//! path is walked name by name from the home's own directory without following a link, so none leads out of it,
//! whatever a lab changes meanwhile. A file that is put appears whole or not at all. How homes are reached over a
//! network is the servers' business, and what runs in them the labs'.

mod account;
mod copy;
mod entry;
mod error;
mod folder;
mod incoming;
mod limits;
mod notes;
mod path;
mod remove;
mod waiting;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::names::Username;

use account::Accounts;
use folder::Folder;

pub use entry::{Entry, Kind};
pub use error::HomeError;
pub use incoming::{Incoming, Stored};
pub use limits::HomeLimits;
pub use notes::{Change, Notes};
pub use path::HomePath;

/// The directory of a home in which files wait until they are whole. Nobody reaches it by a path.
const OURS: &str = ".nearside";
/// Where in it.
const STAGING: &str = "incoming";

/// The homes of an installation, one directory for each account. Clones share them.
#[derive(Clone)]
pub struct Homes {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    limits: HomeLimits,
    accounts: Accounts,
    /// Files that are being put.
    busy: Mutex<HashSet<(Username, HomePath)>>,
    /// Whoever changes properties, which are read before.
    noting: Mutex<()>,
    /// Homes in which a crash has left nothing, because somebody has looked.
    swept: Mutex<HashSet<Username>>,
}

/// The home of one account.
#[derive(Clone)]
pub struct Home {
    shared: Arc<Shared>,
    owner: Username,
    root: Arc<Folder>,
}

impl Homes {
    /// The homes below `dir`, where labs have them too.
    pub fn new(dir: &Path, limits: HomeLimits) -> Self {
        let shared = Shared {
            dir: dir.to_owned(),
            limits,
            accounts: Accounts::default(),
            busy: Mutex::default(),
            noting: Mutex::default(),
            swept: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The home of an account, made where there is none yet.
    pub fn of(&self, owner: &Username) -> Result<Home, HomeError> {
        let path = self.shared.dir.join(owner.as_str());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let root = Arc::new(Folder::open(&path)?);
        let home = Home { shared: Arc::clone(&self.shared), owner: owner.clone(), root };
        let mut swept = lock(&self.shared.swept);
        if !swept.contains(owner) {
            home.sweep()?;
            swept.insert(owner.clone());
        }
        drop(swept);
        Ok(home)
    }
}

impl Home {
    /// What is at a path.
    pub fn entry(&self, path: &HomePath) -> Result<Entry, HomeError> {
        match path.split() {
            None => self.root.itself(),
            Some((parent, name)) => self.enter(parent)?.entry(name),
        }
    }

    /// The names in a container, in the order of their bytes. What is neither container, file nor link is left out
    /// when it is looked at.
    pub fn names(&self, path: &HomePath) -> Result<Vec<OsString>, HomeError> {
        let mut names = self.container(path)?.names()?;
        if path.is_home() {
            names.retain(|name| name != OURS);
        }
        names.sort_unstable();
        Ok(names)
    }

    /// What is at some names of a container; names that are gone, or are nothing that can be shown, are left out.
    pub fn entries(&self, path: &HomePath, names: &[OsString]) -> Result<Vec<Entry>, HomeError> {
        let folder = self.container(path)?;
        let look = |name: &OsString| match folder.entry(name) {
            Err(HomeError::Missing) => None,
            looked => Some(looked),
        };
        names.iter().filter_map(look).collect()
    }

    /// A file, to read, and what is known of it.
    pub fn open(&self, path: &HomePath) -> Result<(File, Entry, Notes), HomeError> {
        let (parent, name) = path.split().ok_or(HomeError::NotAFile)?;
        let (file, entry) = self.enter(parent)?.open_file(name)?;
        let notes = notes::read(&file)?;
        Ok((file, entry, notes))
    }

    /// What is said about a file or container; links have none.
    pub fn notes(&self, path: &HomePath) -> Result<Notes, HomeError> {
        match self.open_any(path)? {
            Some(file) => notes::read(&file),
            None => Ok(Notes::default()),
        }
    }

    /// Says something about a file or container.
    pub fn note(&self, path: &HomePath, changes: &[Change]) -> Result<(), HomeError> {
        if changes.is_empty() {
            return Ok(());
        }
        let file = self.open_any(path)?.ok_or(HomeError::LinkNotes)?;
        let _turn = lock(&self.shared.noting);
        notes::write(&file, changes, &self.shared.limits)
    }

    /// Makes an empty container.
    pub fn make_container(&self, path: &HomePath) -> Result<(), HomeError> {
        let (parent, name) = path.split().ok_or(HomeError::Exists)?;
        let folder = self.enter(parent)?;
        folder.make(name)?;
        folder.sync()
    }

    /// Makes a link to another path of this home. The lab sees it as a relative symbolic link.
    pub fn make_link(&self, path: &HomePath, target: &HomePath) -> Result<(), HomeError> {
        let (parent, name) = path.split().ok_or(HomeError::Exists)?;
        let folder = self.enter(parent)?;
        folder.link(name, &path.relative(target))?;
        folder.sync()
    }

    /// Begins a file, which replaces what is there when it is finished.
    pub fn put(&self, path: &HomePath) -> Result<Incoming, HomeError> {
        Incoming::begin(self, path)
    }

    /// Whether a file is being put at a path.
    pub fn is_busy(&self, path: &HomePath) -> bool {
        lock(&self.shared.busy).contains(&(self.owner.clone(), path.clone()))
    }

    /// Gives something another path, which is free. A container takes along what is in it.
    pub fn rename(&self, from: &HomePath, to: &HomePath) -> Result<(), HomeError> {
        let Way { source, from, destination, to } = self.way(from, to)?;
        source.rename(from, &destination, to)?;
        destination.sync()?;
        source.sync()
    }

    /// The way from something that is there to a place beside or below others.
    fn way<'a>(&self, from: &'a HomePath, to: &'a HomePath) -> Result<Way<'a>, HomeError> {
        let (from_parent, from_name) = from.split().ok_or(HomeError::Root)?;
        let (to_parent, to_name) = to.split().ok_or(HomeError::Exists)?;
        if to.is_below(from) {
            return Err(HomeError::IntoItself);
        }
        let (source, destination) = (self.enter(from_parent)?, self.enter(to_parent)?);
        source.entry(from_name)?;
        Ok(Way { source, from: from_name, destination, to: to_name })
    }

    /// The limits of every home.
    pub fn limits(&self) -> &HomeLimits {
        &self.shared.limits
    }

    /// The bytes of everything in the home, as of the last time that they were counted.
    pub fn used_bytes(&self) -> Result<u64, HomeError> {
        self.shared.accounts.used_bytes(self)
    }

    /// The container above a path, walked from the home.
    fn enter(&self, parent: &[OsString]) -> Result<Folder, HomeError> {
        parent.iter().try_fold(self.root.again()?, |folder, name| folder.enter(name))
    }

    fn container(&self, path: &HomePath) -> Result<Folder, HomeError> {
        let Some((parent, name)) = path.split() else { return self.root.again() };
        let parent = self.enter(parent)?;
        match parent.entry(name)?.kind {
            Kind::Container => parent.enter(name),
            Kind::File { .. } | Kind::Link { .. } => Err(HomeError::NotAContainer),
        }
    }

    /// A file or a container, opened; nothing for a link.
    fn open_any(&self, path: &HomePath) -> Result<Option<File>, HomeError> {
        let Some((parent, name)) = path.split() else { return Ok(Some(self.root.again()?.into_file())) };
        let parent = self.enter(parent)?;
        Ok(match parent.entry(name)?.kind {
            Kind::Link { .. } => None,
            Kind::Container => Some(parent.enter(name)?.into_file()),
            Kind::File { .. } => Some(parent.open_file(name)?.0),
        })
    }

    /// Where files wait until they are whole.
    fn staging(&self) -> Result<Folder, HomeError> {
        self.root.enter_or_make(OsStr::new(OURS))?.enter_or_make(OsStr::new(STAGING))
    }

    /// Removes what a crash left half put. What somebody is putting is locked.
    fn sweep(&self) -> Result<(), HomeError> {
        let staging = self.staging()?;
        for name in staging.names()? {
            if staging.is_free(&name) {
                tracing::info!(user = %self.owner, "removed from a home: a crash left it half put");
                staging.remove_all(&name)?;
            }
        }
        Ok(())
    }
}

/// From a name in one container to a name in another.
struct Way<'a> {
    source: Folder,
    from: &'a OsStr,
    destination: Folder,
    to: &'a OsStr,
}

/// A name for something that waits until it is whole.
fn staged_name() -> OsString {
    uuid::Uuid::new_v4().simple().to_string().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
