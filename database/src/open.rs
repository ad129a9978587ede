//! Opening: connections that are set up for durability, and tables that are brought up to date.

use std::fs::{self, File};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection};
use thiserror::Error;
use url::Url;

use crate::{Database, Kind, Location, Part};

/// Connections of one part. In SQLite writers take turns anyway.
const CONNECTIONS: u32 = 8;
/// How long a statement waits for a connection, when all are in use or the database is away.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);

/// A job, a phase or a table that was announced survives a power cut; and a writer waits ten seconds for another.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be created or read.
    #[error("failed to use {path}: check that the directory exists, is yours, and that the disk is not full")]
    File {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody answers, or not to us.
    #[error("failed to use {location}: check that it runs, that the database exists, and the user's rights")]
    Connect {
        /// The place, without a password.
        location: String,
        /// What went wrong.
        source: sqlx::Error,
    },
    /// A newer Nearside wrote it, or it is damaged.
    #[error(
        "failed to bring the tables in {location} up to date: they are damaged, or a newer Nearside made them"
    )]
    Migration {
        /// The place, without a password.
        location: String,
        /// Which step, and why.
        source: sqlx::migrate::MigrateError,
    },
}

impl Database {
    /// Opens the tables of a part; makes them where there are none.
    pub async fn open(location: &Location, part: &Part) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let connect = |source| OpenError::Connect { location: location.to_string(), source };
        // PostgreSQL has a lock for those who bring tables up to date, SQLite has none.
        let mut alone = None;
        let (pool, kind) = match location {
            Location::Directory(directory) => {
                let path = directory.join(part.name).with_extension("db");
                let file = |source| OpenError::File { path: path.clone(), source };
                alone = Some(lock(directory.clone()).await.map_err(file)?);
                let url = make_private(&path).map_err(file)?;
                (pool(&url, SQLITE_SETTINGS.to_owned(), false).await.map_err(connect)?, Kind::Sqlite)
            }
            Location::Server(url) => {
                let (url, schema) = (url.expose_secret(), part.schema());
                make_schema(url, &schema).await.map_err(connect)?;
                let settings = format!("SET search_path TO {schema}");
                (pool(url, settings, true).await.map_err(connect)?, Kind::Postgres)
            }
        };
        let migrated = part.migrator(kind).run(&pool).await;
        drop(alone);
        migrated.map_err(|source| OpenError::Migration { location: location.to_string(), source })?;
        Ok(Self { pool, kind })
    }
}

/// Connections that each begin with `settings`. Those to a server are looked at before they are used again: it may
/// have been restarted.
async fn pool(url: &str, settings: String, test: bool) -> Result<AnyPool, sqlx::Error> {
    let options = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .test_before_acquire(test);
    let options = options.after_connect(move |connection, _| {
        let settings = AssertSqlSafe(settings.clone());
        Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(drop) })
    });
    options.connect(url).await
}

/// Waits until nobody else opens a database in this directory, and keeps others waiting while the lock is held. It is on
/// the directory, because closing another handle of the file would take SQLite's own locks away.
async fn lock(directory: PathBuf) -> std::io::Result<File> {
    let locked = tokio::task::spawn_blocking(move || {
        let directory = File::open(directory)?;
        directory.lock().map(|()| directory)
    });
    locked.await.map_err(std::io::Error::other)?
}

/// Creates the file before SQLite does, which would make it readable for others; its URL.
fn make_private(path: &Path) -> std::io::Result<String> {
    File::options().append(true).create(true).mode(0o600).open(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let url = Url::from_file_path(fs::canonicalize(path)?);
    let url = url.map_err(|()| std::io::Error::other("the path cannot be a URL"))?;
    Ok(format!("sqlite://{}", url.path()))
}

/// Makes the schema unless it is there. Servers that start together take turns: the statement alone does not.
async fn make_schema(url: &str, schema: &str) -> Result<(), sqlx::Error> {
    let make = format!(
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('{schema}')); \
         IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA {schema}; END IF; END $$"
    );
    let mut connection = AnyConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut connection).await?;
    connection.close().await
}
