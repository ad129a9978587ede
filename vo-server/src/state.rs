//! What survives a restart: one SQLite file with jobs and logins, and a directory with the results of jobs.
//!
//! Statements are written so that PostgreSQL understands them too: numbered parameters, times as seconds since
//! 1970 in UTC, no functions of one database alone.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, SqlitePool};
use thiserror::Error;

/// Connections to the file; writers take turns anyway.
const CONNECTIONS: u32 = 8;
/// How long a statement waits for another writer.
const WAIT_FOR_WRITER: Duration = Duration::from_secs(10);

/// Why something cannot be kept.
#[derive(Debug, Error)]
pub enum StateError {
    /// A file cannot be created, read or written.
    #[error("failed to use {path}: check that the directory exists, is yours, and that the disk is not full")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A newer Nearside wrote it, or it is damaged.
    #[error("failed to bring the database of jobs up to date: it is damaged, or a newer Nearside made it")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database of jobs failed")]
    Database(#[from] sqlx::Error),
}

/// The opened database and the directory of results. Clones share them.
#[derive(Clone)]
pub(crate) struct State {
    pool: SqlitePool,
    results: PathBuf,
}

impl State {
    /// Opens or creates `vo.db` (mode 0600) and `results` in `dir`.
    pub(crate) async fn open(dir: &Path) -> Result<Self, StateError> {
        let results = dir.join("results");
        make_private(&results, dir).map_err(|source| StateError::File { path: dir.to_owned(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join("vo.db"))
            .journal_mode(SqliteJournalMode::Wal)
            // A job or a phase that was announced survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(WAIT_FOR_WRITER);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        migrations().run(&pool).await.map_err(StateError::Migration)?;
        Ok(Self { pool, results })
    }

    /// The database.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Where the results of jobs are.
    pub(crate) fn results(&self) -> &Path {
        &self.results
    }

    /// Writes what is left to write.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// The time, in seconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Creates the database before SQLite does, which would make it readable for others.
fn make_private(results: &Path, dir: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(results)?;
    let database = dir.join("vo.db");
    fs::File::options().append(true).create(true).mode(0o600).open(&database)?;
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600))
}

fn migrations() -> Migrator {
    let migrations = [
        (1, "jobs", include_str!("../migrations/0001_jobs.sql")),
        (2, "usage", include_str!("../migrations/0002_usage.sql")),
    ];
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.map(migration).to_vec())
}
