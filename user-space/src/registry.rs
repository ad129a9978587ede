//! Which tables there are: the rows of a database that make a table visible, in one transaction per change.
//!
//! `visible` says who sees what, `store` makes files part of tables, `edit` changes and drops them, `rights` decides who
//! may, `groups` and `shares` keep what people share. Every change begins with the epoch, so that changes wait for
//! each other, of all servers, and nobody decides on what is no longer true.

mod edit;
mod groups;
mod rights;
mod rows;
mod shares;
mod store;
mod visible;

use database::{Database, Location, Part, Step};
use sqlx::{Any, Transaction};

use crate::error::SpaceError;

pub(crate) use rows::Registered;
pub(crate) use store::{Candidate, Uncertain};

/// `tables.db`, or the schema `nearside_tables`.
const PART: Part = Part {
    name: "tables",
    steps: &[
        Step {
            name: "tables",
            sqlite: include_str!("../migrations/0001_tables.sql"),
            postgres: include_str!("../migrations/0001_tables.postgres.sql"),
        },
        Step::same("sharing", include_str!("../migrations/0002_sharing.sql")),
    ],
};

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    database: Database,
}

impl Registry {
    /// Opens the database, or makes it.
    pub(crate) async fn open(location: &Location) -> Result<Self, SpaceError> {
        Ok(Self { database: Database::open(location, &PART).await? })
    }

    /// The number of the last change.
    pub(crate) async fn epoch(&self) -> Result<u64, sqlx::Error> {
        let epoch = sqlx::query_scalar("SELECT epoch FROM epochs WHERE id = 1");
        let epoch: i64 = epoch.fetch_one(self.database.pool()).await?;
        Ok(epoch.unsigned_abs())
    }

    /// Writes what is left to write.
    pub(crate) async fn close(&self) {
        self.database.close().await;
    }

    async fn change(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let mut change = self.database.change().await?;
        sqlx::query("UPDATE epochs SET epoch = epoch + 1 WHERE id = 1").execute(&mut *change).await?;
        Ok(change)
    }
}
