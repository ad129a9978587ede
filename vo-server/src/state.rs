//! What survives a restart: tables with jobs, logins and statistics, and a directory with the results of jobs.
//!
//! The tables are an SQLite file beside the results, or are in PostgreSQL, where several servers share them; those
//! share the directory too. `database` says what statements may rely on.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use database::{Database, Location, OpenError, Part, Step};
use sqlx::AnyPool;
use thiserror::Error;

/// `vo.db`, or the schema `nearside_vo`.
const PART: Part = Part {
    name: "vo",
    steps: &[
        Step::same("jobs", include_str!("../migrations/0001_jobs.sql")),
        Step {
            name: "usage",
            sqlite: include_str!("../migrations/0002_usage.sql"),
            postgres: include_str!("../migrations/0002_usage.postgres.sql"),
        },
        Step::same("servers", include_str!("../migrations/0003_servers.sql")),
        Step::same("quotes", include_str!("../migrations/0004_quotes.sql")),
        Step::same("snapshots", include_str!("../migrations/0005_snapshots.sql")),
        Step::same("keys", include_str!("../migrations/0006_keys.sql")),
    ],
};

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
    /// The tables cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement failed.
    #[error("the database of jobs failed")]
    Database(#[from] sqlx::Error),
}

/// The opened tables and the directory of results. Clones share them.
#[derive(Clone)]
pub(crate) struct State {
    database: Database,
    results: PathBuf,
    server: Arc<str>,
    endpoint_key: EndpointKey,
}

/// What addresses are sealed with that are good by themselves.
pub(crate) type EndpointKey = [u8; 32];

impl State {
    /// Opens or creates the tables, in `dir` unless they are elsewhere, and `results` in `dir`.
    pub(crate) async fn open(dir: &Path, location: Option<&Location>) -> Result<Self, StateError> {
        let results = dir.join("results");
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&results);
        made.map_err(|source| StateError::File { path: results.clone(), source })?;
        let here = Location::Directory(dir.to_owned());
        let database = Database::open(location.unwrap_or(&here), &PART).await?;
        let server = hex::encode(rand::random::<[u8; 8]>()).into();
        let endpoint_key = endpoint_key(&database).await?;
        Ok(Self { database, results, server, endpoint_key })
    }

    /// The tables.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The tables, for statements of which each stands alone.
    pub(crate) fn pool(&self) -> &AnyPool {
        self.database.pool()
    }

    /// Where the results of jobs are.
    pub(crate) fn results(&self) -> &Path {
        &self.results
    }

    /// The name of this server, from this start to its end.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// What endpoints of transfers are sealed with: the same after a restart, and for all servers that share the tables.
    pub(crate) fn endpoint_key(&self) -> EndpointKey {
        self.endpoint_key
    }

    /// Writes what is left to write.
    pub(crate) async fn close(&self) {
        self.database.close().await;
    }
}

/// The key in the tables. Of servers that start at once the first makes it.
async fn endpoint_key(database: &Database) -> Result<EndpointKey, StateError> {
    const NAME: &str = "endpoints";
    let new = hex::encode(rand::random::<EndpointKey>());
    let make = "INSERT INTO keys (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    sqlx::query(make).bind(NAME).bind(new).execute(database.pool()).await?;
    let find = sqlx::query_scalar("SELECT secret FROM keys WHERE name = $1").bind(NAME);
    let secret: String = find.fetch_one(database.pool()).await?;
    let mut key = EndpointKey::default();
    hex::decode_to_slice(secret, &mut key).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(key)
}

/// The time, in seconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
