//! Tables that belong to users, as queries meet them: who sees which, and where their files are.
//!
//! Whoever keeps them implements [`UserTables`]; how they are written, counted and shared is not known here. A table
//! is opened when a query names it and stays open for that query, so that a replacement changes no running answer.

mod open;
mod reader;
mod schema;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use super::{TableInfo, User};
pub(crate) use schema::schemas;

/// The tables of a user's own, and those that others share.
#[async_trait]
pub trait UserTables: Send + Sync {
    /// A number that is another one after every change of a table, or of who may see it.
    async fn epoch(&self) -> Result<u64, Unavailable>;

    /// What a user sees. Nothing of what others have is in it, not even that it exists.
    async fn visible(&self, user: &User) -> Result<Visible, Unavailable>;
}

/// The keeper of user tables does not answer; it has said why in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("users' tables cannot be read at present: try again in a minute, or tell the operator")]
pub struct Unavailable;

/// What a user sees of user tables, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Visible {
    /// The moment.
    pub epoch: u64,
    /// The tables, by schema and name.
    pub tables: Arc<[UserTable]>,
}

/// A table of a user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserTable {
    /// What listings say about it.
    pub info: TableInfo,
    /// Its rows, in this order: Parquet files with the columns of `info`. A file never changes; it is gone once the
    /// table is replaced or dropped.
    pub files: Vec<PathBuf>,
}
