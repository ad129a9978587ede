//! The user space of an installation: its directory, its database, and what users do with their tables.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use api::names::Username;
use arrow_schema::Schema;
use async_trait::async_trait;
use catalogue::engine::{TableInfo, Unavailable, User, UserTable, UserTables, Visible};
use database::Location;
use tokio::sync::Semaphore;

use crate::columns;
use crate::disk::{Disk, LocalDisk};
use crate::error::SpaceError;
use crate::limits::SpaceLimits;
use crate::name::{TableName, schema_of};
use crate::registry::{Candidate, Registered, Registry, Uncertain};
use crate::upload::{Outcome, Upload, Way, WholeFile};

/// How files of tables end.
const WHOLE: &str = "parquet";
/// How files end that are being written.
const PART: &str = "part";

/// Users whose tables are remembered until the next change.
const REMEMBERED: usize = 1_024;

/// The account in whose name people without one ask; it has no tables.
const NOBODY: &str = "anonymous";

/// All users' tables. Clones share them.
#[derive(Clone)]
pub struct UserSpace {
    inner: Arc<Inner>,
}

struct Inner {
    files: PathBuf,
    registry: Registry,
    disk: Arc<dyn Disk>,
    limits: SpaceLimits,
    turns: Arc<Semaphore>,
    remembered: Mutex<Remembered>,
}

/// What users see in one epoch.
#[derive(Default)]
struct Remembered {
    epoch: u64,
    tables: HashMap<Username, Arc<[UserTable]>>,
}

impl UserSpace {
    /// Opens or creates the user space in `dir`, and removes what a crash left half made. The database is in `dir` too,
    /// unless it is said to be elsewhere; servers that share one share the directory.
    pub async fn open(
        dir: &Path,
        database: Option<&Location>,
        limits: SpaceLimits,
    ) -> Result<Self, SpaceError> {
        Self::open_on(Arc::new(LocalDisk), dir, database, limits).await
    }

    /// The same on a disk of one's own choice.
    pub async fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        database: Option<&Location>,
        limits: SpaceLimits,
    ) -> Result<Self, SpaceError> {
        let files = dir.join("files");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&files).map_err(SpaceError::Disk)?;
        let registry = Registry::open(database.unwrap_or(&Location::Directory(dir.to_owned()))).await?;
        let turns = Arc::new(Semaphore::new(limits.uploads));
        let remembered = Mutex::default();
        let space = Self { inner: Arc::new(Inner { files, registry, disk, limits, turns, remembered }) };
        space.sweep().await?;
        Ok(space)
    }

    /// Begins a table of `owner`, or more rows of one, which `actor` writes; `None` where nothing is to be done, because
    /// there is one to be kept.
    pub async fn upload(
        &self,
        actor: &Username,
        owner: &Username,
        name: &TableName,
        way: Way,
        schema: &Schema,
    ) -> Result<Option<Upload>, SpaceError> {
        if actor.as_str() == NOBODY {
            return Err(SpaceError::NoAccount);
        }
        let limits = self.limits();
        let candidate = Candidate {
            actor: actor.clone(),
            owner: owner.clone(),
            name: name.clone(),
            way,
            columns: columns::kept(schema, limits)?,
            file: uuid::Uuid::new_v4().simple().to_string(),
            rows: 0,
            bytes: 0,
        };
        if !self.inner.registry.would_store(&candidate, limits).await? {
            return Ok(None);
        }
        let busy = |_| SpaceError::Busy { limit: limits.uploads };
        let turn = Arc::clone(&self.inner.turns).try_acquire_owned().map_err(busy)?;
        let used = match way {
            // The old table goes; how much that frees is known when it does.
            Way::Replace => 0,
            _ => self.inner.registry.bytes(owner).await?,
        };
        let most_bytes = limits.user_bytes.saturating_sub(used);
        Upload::begin(self.clone(), candidate, most_bytes, turn).map(Some)
    }

    /// Makes a file part of a table.
    pub(crate) async fn store(
        &self,
        candidate: Candidate,
        mut file: WholeFile,
    ) -> Result<Outcome, SpaceError> {
        match self.inner.registry.store(&candidate, self.limits()).await {
            Ok(changed) => {
                if changed.stored {
                    file.keep();
                }
                self.remove(changed.unused);
                Ok(Outcome { rows: if changed.stored { candidate.rows } else { 0 } })
            }
            Err(Uncertain::No(error)) => Err(error),
            Err(Uncertain::Unknown(error)) => {
                // The next start knows.
                file.keep();
                Err(error.into())
            }
        }
    }

    /// Removes a table of `owner`, which `actor` asks for. False where there is none.
    pub async fn drop_table(
        &self,
        actor: &Username,
        owner: &Username,
        name: &TableName,
    ) -> Result<bool, SpaceError> {
        let Some(files) = self.inner.registry.drop(actor, owner, name).await? else { return Ok(false) };
        self.remove(files);
        Ok(true)
    }

    /// Writes what is left to write.
    pub async fn close(&self) {
        self.inner.registry.close().await;
    }

    /// The limits of all users.
    pub fn limits(&self) -> &SpaceLimits {
        &self.inner.limits
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.inner.disk)
    }

    pub(crate) fn files_dir(&self) -> &Path {
        &self.inner.files
    }

    pub(crate) fn file_path(&self, id: &str) -> PathBuf {
        self.inner.files.join(id).with_extension(WHOLE)
    }

    pub(crate) fn staging_path(&self, id: &str) -> PathBuf {
        self.inner.files.join(id).with_extension(PART)
    }

    /// Removes files that no table has any more. One that cannot be removed is left to the next start.
    fn remove(&self, files: Vec<String>) {
        for path in files.iter().map(|id| self.file_path(id)) {
            if let Err(error) = self.inner.disk.remove(&path) {
                tracing::warn!(path = %path.display(), %error, "a file of no table is left to the next start");
            }
        }
    }

    /// Removes files that are part of no table, and that nobody is writing at this moment.
    async fn sweep(&self) -> Result<(), SpaceError> {
        let Inner { files, disk, registry, .. } = self.inner.as_ref();
        for path in disk.list(files).map_err(SpaceError::Disk)? {
            let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let left = path.extension().is_some_and(|end| end == PART || end == WHOLE);
            // The order matters: whoever writes a file stops only after it is in the database.
            if !left || disk.is_being_written(&path).unwrap_or(true) || registry.has_file(id).await? {
                continue;
            }
            tracing::info!(path = %path.display(), "removed: a crash left it");
            disk.remove(&path).map_err(SpaceError::Disk)?;
        }
        Ok(())
    }

    fn user_table(&self, table: Registered) -> UserTable {
        let files = table.files.iter().map(|id| self.file_path(id)).collect();
        let info = TableInfo {
            schema: schema_of(&table.owner),
            name: table.name,
            arrow_schema: table.columns,
            rows: table.rows,
        };
        UserTable { info, files }
    }

    fn remembered(&self, epoch: u64, user: &User) -> Option<Arc<[UserTable]>> {
        let remembered = self.inner.remembered.lock().expect("no thread panics while it holds this lock");
        (remembered.epoch == epoch).then(|| remembered.tables.get(&user.name).cloned()).flatten()
    }

    fn remember(&self, epoch: u64, user: &User, tables: &Arc<[UserTable]>) {
        let mut remembered = self.inner.remembered.lock().expect("no thread panics while it holds this lock");
        if epoch > remembered.epoch || remembered.tables.len() >= REMEMBERED {
            *remembered = Remembered { epoch, tables: HashMap::new() };
        }
        if epoch == remembered.epoch {
            remembered.tables.insert(user.name.clone(), Arc::clone(tables));
        }
    }

    async fn look(&self, user: &User) -> Result<Visible, sqlx::Error> {
        let epoch = self.inner.registry.epoch().await?;
        if user.name.as_str() == NOBODY {
            return Ok(Visible { epoch, ..Visible::default() });
        }
        if let Some(tables) = self.remembered(epoch, user) {
            return Ok(Visible { epoch, tables });
        }
        let (epoch, tables) = self.inner.registry.tables(&user.name).await?;
        let tables: Arc<[UserTable]> = tables.into_iter().map(|table| self.user_table(table)).collect();
        self.remember(epoch, user, &tables);
        Ok(Visible { epoch, tables })
    }
}

#[async_trait]
impl UserTables for UserSpace {
    async fn epoch(&self) -> Result<u64, Unavailable> {
        self.inner.registry.epoch().await.map_err(unavailable)
    }

    async fn visible(&self, user: &User) -> Result<Visible, Unavailable> {
        self.look(user).await.map_err(unavailable)
    }
}

fn unavailable(error: sqlx::Error) -> Unavailable {
    tracing::error!(%error, "the database of users' tables failed");
    Unavailable
}
