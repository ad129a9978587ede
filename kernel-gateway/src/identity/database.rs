//! The SQLite file and its migrations.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, SqlitePool};

use super::IdentityError;

/// Connections to the file; writers take turns anyway.
const CONNECTIONS: u32 = 4;
/// How long a statement waits for the writer of another process.
const WAIT_FOR_WRITER: Duration = Duration::from_secs(5);

/// Opens or creates the database and brings its tables up to date.
pub async fn open(path: &Path) -> Result<SqlitePool, IdentityError> {
    make_private(path).map_err(|source| IdentityError::File { path: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // A login or a changed password that was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(WAIT_FOR_WRITER);
    let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
    migrations().run(&pool).await.map_err(IdentityError::Migration)?;
    Ok(pool)
}

/// Creates the file before SQLite does, which would make it readable for others; SQLite gives its
/// side files the mode of the database.
fn make_private(path: &Path) -> std::io::Result<()> {
    fs::File::options().append(true).create(true).mode(0o600).open(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

fn migrations() -> Migrator {
    let migration = |version, name: &'static str, text: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "identity", include_str!("../../migrations/0001_identity.sql")),
        migration(2, "account ids", include_str!("../../migrations/0002_account_ids.sql")),
        migration(3, "vouched", include_str!("../../migrations/0003_vouched.sql")),
    ])
}
