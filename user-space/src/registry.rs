//! Which tables there are: the database that makes a table visible, in one transaction per change.
//!
//! Statements are written so that PostgreSQL understands them too. Every change begins with the epoch, so that
//! changes wait for each other and nobody decides on what is no longer true.

mod sharing;

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use api::names::Username;
use api::permission::{Object, Role, Verb, may};
use arrow_schema::{Schema, SchemaRef};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr, Sqlite, SqlitePool, Transaction};

use crate::columns;
use crate::error::SpaceError;
use crate::limits::SpaceLimits;
use crate::name::{TableName, schema_of};
use crate::upload::Way;

/// Connections to the file; writers take turns anyway.
const CONNECTIONS: u32 = 8;
/// How long a statement waits for another writer.
const WAIT_FOR_WRITER: Duration = Duration::from_secs(10);

/// A table as it is registered.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) owner: Username,
    pub(crate) name: String,
    pub(crate) columns: SchemaRef,
    pub(crate) rows: u64,
    /// Names of its files, in order.
    pub(crate) files: Vec<String>,
}

/// A whole file that is to become (part of) a table.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Who writes it.
    pub(crate) actor: Username,
    /// Whose it is to be.
    pub(crate) owner: Username,
    pub(crate) name: TableName,
    pub(crate) way: Way,
    pub(crate) columns: SchemaRef,
    pub(crate) file: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// What a change has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Whether the file is part of a table now.
    pub(crate) stored: bool,
    /// Files that are part of no table any more.
    pub(crate) unused: Vec<String>,
}

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pool: SqlitePool,
}

impl Database {
    /// Opens or creates `tables.db` (mode 0600) in `dir`.
    pub(crate) async fn open(dir: &Path) -> Result<Self, SpaceError> {
        let path = dir.join("tables.db");
        make_private(&path).map_err(SpaceError::Disk)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // A table that was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT_FOR_WRITER);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        migrations().run(&pool).await.map_err(SpaceError::Migration)?;
        Ok(Self { pool })
    }

    /// The number of the last change.
    pub(crate) async fn epoch(&self) -> Result<u64, sqlx::Error> {
        let epoch: i64 =
            sqlx::query_scalar("SELECT epoch FROM epochs WHERE id = 1").fetch_one(&self.pool).await?;
        Ok(epoch.unsigned_abs())
    }

    /// The tables of a user and those that others share, by owner and name, and the epoch that they are of.
    pub(crate) async fn tables(&self, user: &Username) -> Result<(u64, Vec<Registered>), sqlx::Error> {
        const VISIBLE: &str = "t.owner = $1 OR t.id IN (SELECT s.table_id FROM user_shares s \
                               JOIN user_group_members m ON s.group_id = m.group_id WHERE m.member = $1)";
        let mut read = self.pool.begin().await?;
        let epoch: i64 =
            sqlx::query_scalar("SELECT epoch FROM epochs WHERE id = 1").fetch_one(&mut *read).await?;
        let tables = format!(
            "SELECT t.id, t.owner, t.name, t.columns, t.row_count FROM user_tables t WHERE {VISIBLE} ORDER BY t.owner, t.name"
        );
        let tables =
            sqlx::query(sqlx::AssertSqlSafe(tables)).bind(user.as_str()).fetch_all(&mut *read).await?;
        let files = format!(
            "SELECT f.table_id, f.id FROM user_files f JOIN user_tables t ON f.table_id = t.id WHERE {VISIBLE} ORDER BY f.place"
        );
        let files: Vec<(String, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(files)).bind(user.as_str()).fetch_all(&mut *read).await?;
        read.commit().await?;
        let mut of_table: HashMap<String, Vec<String>> = HashMap::new();
        for (table, file) in files {
            of_table.entry(table).or_default().push(file);
        }
        let table = |row: &SqliteRow| {
            let files = of_table.remove(&row.try_get::<String, _>("id")?).unwrap_or_default();
            registered(row, files)
        };
        Ok((epoch.unsigned_abs(), tables.iter().map(table).collect::<Result<_, _>>()?))
    }

    /// Whether a file is part of a table.
    pub(crate) async fn has_file(&self, id: &str) -> Result<bool, sqlx::Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM user_files WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Makes a whole, flushed file part of a table. When this returns, the table is there, and stays.
    pub(crate) async fn store(&self, new: &Candidate, limits: &SpaceLimits) -> Result<Changed, Uncertain> {
        let mut change = self.change().await?;
        let table = find(&mut change, &new.owner, new.name.as_str()).await?;
        check(&mut change, new, table.as_ref(), limits).await?;
        let Some(unused) = put(&mut change, new, table).await? else { return Ok(Changed::default()) };
        change.commit().await.map_err(Uncertain::Unknown)?;
        Ok(Changed { stored: true, unused })
    }

    /// Whether [`Database::store`] would take a file, as far as can be told before it is written.
    pub(crate) async fn would_store(
        &self,
        new: &Candidate,
        limits: &SpaceLimits,
    ) -> Result<bool, SpaceError> {
        let mut read = self.pool.begin().await?;
        let table = find(&mut read, &new.owner, new.name.as_str()).await?;
        let kept = new.way == Way::Keep && table.is_some();
        check(&mut read, new, table.as_ref(), limits).await?;
        Ok(!kept)
    }

    /// Bytes that an owner's tables have, without those of one table.
    pub(crate) async fn bytes(&self, owner: &Username) -> Result<u64, sqlx::Error> {
        let mut read = self.pool.begin().await?;
        bytes_but(&mut read, owner, "").await
    }

    /// Removes a table; the names of its files, or nothing where there is no such table.
    pub(crate) async fn drop(
        &self,
        actor: &Username,
        owner: &Username,
        name: &TableName,
    ) -> Result<Option<Vec<String>>, SpaceError> {
        let mut change = self.change().await?;
        let table = find(&mut change, owner, name.as_str()).await?;
        let role = match &table {
            Some(table) => sharing::role(&mut change, actor, owner, &table.id).await?,
            None if actor == owner => Role::Owner,
            None => Role::Person,
        };
        allowed(role, Object::UserTable, Verb::Drop, actor, (owner, name.as_str()))?;
        let Some(table) = table else { return Ok(None) };
        sqlx::query("DELETE FROM user_files WHERE table_id = $1")
            .bind(&table.id)
            .execute(&mut *change)
            .await?;
        sqlx::query("DELETE FROM user_tables WHERE id = $1").bind(&table.id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(Some(table.files))
    }

    /// Writes down other columns of a table, of the same types. False where there is no such table.
    pub(crate) async fn edit_columns(
        &self,
        owner: &Username,
        name: &TableName,
        edit: impl FnOnce(&Schema) -> Result<Schema, SpaceError>,
    ) -> Result<bool, SpaceError> {
        let mut change = self.change().await?;
        let Some(table) = find(&mut change, owner, name.as_str()).await? else { return Ok(false) };
        let columns = columns::to_bytes(&edit(&table.columns)?);
        let update = "UPDATE user_tables SET columns = $1 WHERE id = $2";
        sqlx::query(update).bind(columns).bind(&table.id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Gives a table another name. False where there is no such table.
    pub(crate) async fn rename(
        &self,
        owner: &Username,
        name: &TableName,
        new_name: &TableName,
    ) -> Result<bool, SpaceError> {
        let mut change = self.change().await?;
        if find(&mut change, owner, new_name.as_str()).await?.is_some() {
            return Err(SpaceError::Exists { table: format!("{}.{new_name}", schema_of(owner)) });
        }
        let Some(table) = find(&mut change, owner, name.as_str()).await? else { return Ok(false) };
        let update = sqlx::query("UPDATE user_tables SET name = $1 WHERE id = $2").bind(new_name.as_str());
        update.bind(&table.id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Writes what is left to write.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    async fn change(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        let mut change = self.pool.begin().await?;
        sqlx::query("UPDATE epochs SET epoch = epoch + 1 WHERE id = 1").execute(&mut *change).await?;
        Ok(change)
    }
}

/// Why a file is not part of a table, or may be.
#[derive(Debug)]
pub(crate) enum Uncertain {
    /// It is not.
    No(SpaceError),
    /// The database did not say what became of the transaction.
    Unknown(sqlx::Error),
}

impl From<SpaceError> for Uncertain {
    fn from(error: SpaceError) -> Self {
        Self::No(error)
    }
}

impl From<sqlx::Error> for Uncertain {
    fn from(error: sqlx::Error) -> Self {
        Self::No(error.into())
    }
}

struct Found {
    id: String,
    columns: SchemaRef,
    files: Vec<String>,
}

async fn find(
    change: &mut Transaction<'_, Sqlite>,
    owner: &Username,
    name: &str,
) -> Result<Option<Found>, sqlx::Error> {
    let table = "SELECT id, columns FROM user_tables WHERE owner = $1 AND name = $2";
    let table = sqlx::query(table).bind(owner.as_str()).bind(name).fetch_optional(&mut **change).await?;
    let Some(table) = table else { return Ok(None) };
    let id: String = table.try_get("id")?;
    let files = "SELECT id FROM user_files WHERE table_id = $1 ORDER BY place";
    let files = sqlx::query_scalar(files).bind(&id).fetch_all(&mut **change).await?;
    Ok(Some(Found { id, columns: schema(&table)?, files }))
}

async fn check(
    change: &mut Transaction<'_, Sqlite>,
    new: &Candidate,
    table: Option<&Found>,
    limits: &SpaceLimits,
) -> Result<(), SpaceError> {
    let named = || format!("{}.{}", schema_of(&new.owner), new.name);
    permit(change, new, table).await?;
    match (new.way, table) {
        (Way::Create, Some(_)) => return Err(SpaceError::Exists { table: named() }),
        (Way::Append, None) => return Err(SpaceError::Missing { table: named() }),
        (Way::Append | Way::CreateOrAppend, Some(found)) => {
            if let Some(difference) = columns::difference(&found.columns, &new.columns) {
                return Err(SpaceError::Differs { table: named(), difference });
            }
            if found.files.len() >= limits.files_per_table {
                return Err(SpaceError::TooManyAppends { table: named(), limit: limits.files_per_table });
            }
        }
        (Way::Keep | Way::Replace, Some(_)) | (_, None) => {}
    }
    if table.is_none() && tables(change, &new.owner).await? >= limits.user_tables {
        return Err(SpaceError::TooManyTables { limit: limits.user_tables });
    }
    let replaced = table.filter(|_| new.way == Way::Replace).map_or("", |found| found.id.as_str());
    if bytes_but(change, &new.owner, replaced).await?.saturating_add(new.bytes) > limits.user_bytes {
        return Err(SpaceError::Full { limit_bytes: limits.user_bytes });
    }
    Ok(())
}

/// Whether the permission table lets the actor do this.
async fn permit(
    change: &mut Transaction<'_, Sqlite>,
    new: &Candidate,
    table: Option<&Found>,
) -> Result<(), SpaceError> {
    let Some(table) = table else {
        let role = if new.actor == new.owner { Role::Owner } else { Role::Person };
        return allowed(role, Object::UserSchema, Verb::Create, &new.actor, (&new.owner, new.name.as_str()));
    };
    let role = sharing::role(change, &new.actor, &new.owner, &table.id).await?;
    let verb = match new.way {
        Way::Append | Way::CreateOrAppend => Verb::Append,
        Way::Replace => Verb::Replace,
        // Nothing becomes of the table; whether it is there may be known to whoever sees it.
        Way::Create | Way::Keep => Verb::Read,
    };
    allowed(role, Object::UserTable, verb, &new.actor, (&new.owner, new.name.as_str()))
}

/// Refuses what the permission table does not allow. Who may not even read hears nothing of the table.
fn allowed(
    role: Role,
    object: Object,
    verb: Verb,
    actor: &Username,
    (owner, name): (&Username, &str),
) -> Result<(), SpaceError> {
    if may(role, object, verb) {
        return Ok(());
    }
    match may(role, object, Verb::Read) {
        true => Err(SpaceError::Shared { table: format!("{}.{name}", schema_of(owner)) }),
        false => Err(SpaceError::NotYours { schema: schema_of(owner), own: schema_of(actor) }),
    }
}

async fn tables(change: &mut Transaction<'_, Sqlite>, owner: &Username) -> Result<usize, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM user_tables WHERE owner = $1").bind(owner.as_str());
    let count: i64 = count.fetch_one(&mut **change).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

async fn bytes_but(
    change: &mut Transaction<'_, Sqlite>,
    owner: &Username,
    table_id: &str,
) -> Result<u64, sqlx::Error> {
    let sum = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM user_tables WHERE owner = $1 AND id <> $2";
    let sum: i64 =
        sqlx::query_scalar(sum).bind(owner.as_str()).bind(table_id).fetch_one(&mut **change).await?;
    Ok(sum.unsigned_abs())
}

/// Writes the rows of the database; the files that are used no more, or nothing when nothing is to be done.
async fn put(
    change: &mut Transaction<'_, Sqlite>,
    new: &Candidate,
    table: Option<Found>,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let now = jiff::Timestamp::now().as_second();
    let (id, place, unused) = match table {
        Some(_) if new.way == Way::Keep => return Ok(None),
        Some(Found { id, files, .. }) if new.way == Way::Replace => {
            sqlx::query("DELETE FROM user_files WHERE table_id = $1")
                .bind(&id)
                .execute(&mut **change)
                .await?;
            let update = "UPDATE user_tables SET columns = $1, row_count = $2, bytes = $3, changed_at = $4 WHERE id = $5";
            let update = sqlx::query(update).bind(columns::to_bytes(&new.columns)).bind(signed(new.rows));
            update.bind(signed(new.bytes)).bind(now).bind(&id).execute(&mut **change).await?;
            (id, 0, files)
        }
        Some(Found { id, files, .. }) => {
            let update = "UPDATE user_tables SET row_count = row_count + $1, bytes = bytes + $2, changed_at = $3 WHERE id = $4";
            let update =
                sqlx::query(update).bind(signed(new.rows)).bind(signed(new.bytes)).bind(now).bind(&id);
            update.execute(&mut **change).await?;
            (id, files.len(), Vec::new())
        }
        None => {
            let id = uuid::Uuid::new_v4().simple().to_string();
            let insert = "INSERT INTO user_tables (id, owner, name, columns, row_count, bytes, created_at, changed_at) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let insert = sqlx::query(insert).bind(&id).bind(new.owner.as_str()).bind(new.name.as_str());
            let insert = insert.bind(columns::to_bytes(&new.columns)).bind(signed(new.rows));
            insert.bind(signed(new.bytes)).bind(now).bind(now).execute(&mut **change).await?;
            (id, 0, Vec::new())
        }
    };
    let file =
        sqlx::query("INSERT INTO user_files (id, table_id, place) VALUES ($1, $2, $3)").bind(&new.file);
    file.bind(&id).bind(signed(place as u64)).execute(&mut **change).await?;
    Ok(Some(unused))
}

fn registered(row: &SqliteRow, files: Vec<String>) -> Result<Registered, sqlx::Error> {
    Ok(Registered {
        owner: sharing::name(row.try_get("owner")?)?,
        name: row.try_get("name")?,
        columns: schema(row)?,
        rows: row.try_get::<i64, _>("row_count")?.unsigned_abs(),
        files,
    })
}

fn schema(row: &SqliteRow) -> Result<SchemaRef, sqlx::Error> {
    columns::from_bytes(row.try_get("columns")?).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// As databases count.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Creates the database before SQLite does, which would make it readable for others.
fn make_private(database: &Path) -> std::io::Result<()> {
    File::options().append(true).create(true).open(database)?;
    fs::set_permissions(database, fs::Permissions::from_mode(0o600))
}

fn migrations() -> Migrator {
    let migration = |number, name: &'static str, sql: &'static str| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "tables", include_str!("../migrations/0001_tables.sql")),
        migration(2, "sharing", include_str!("../migrations/0002_sharing.sql")),
    ])
}
