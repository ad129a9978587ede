//! Where a part of Nearside keeps what survives a restart: an SQLite file on one machine, PostgreSQL where several
//! servers share it. Each part has tables of its own: a file of its own, or a schema of its own.
//!
//! There is one text for every statement, which both understand: numbered parameters, times as seconds since 1970 in
//! UTC, no functions of one database alone. Migrations may differ. Nothing here knows what the tables are about.
//!
//! What writers may rely on: a statement is atomic, and so is a transaction that begins by changing a row for which
//! all of its kind compete. SQLite has one writer at a time anyway; PostgreSQL reads what is committed with each
//! statement, so that what follows the row's lock sees all that came before. Readers of several statements use
//! [`Database::read`], which shows one moment.

mod location;
mod migrations;
mod open;

use sqlx::{Any, AnyPool, Transaction};

pub use location::{Location, LocationError};
pub use migrations::{Part, Step};
pub use open::OpenError;

/// The opened tables of one part. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Database {
    /// For statements of which each stands alone.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// A transaction that changes something.
    pub async fn change(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.pool.begin().await
    }

    /// A transaction that only reads, and whose statements all see the same moment.
    pub async fn read(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.kind {
            Kind::Sqlite => self.pool.begin().await,
            Kind::Postgres => self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await,
        }
    }

    /// Whether other servers may be using the same tables at this moment.
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Writes what is left to write, and ends the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
