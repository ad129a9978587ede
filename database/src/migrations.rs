//! How the tables of a part come to be: numbered steps, each taken once and remembered beside the tables.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::Kind;

/// A part of Nearside that has tables of its own.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The file is `NAME.db`, the schema `nearside_NAME`. Lower-case letters.
    pub name: &'static str,
    /// The steps, in order.
    pub steps: &'static [Step],
}

/// A step that is never changed once it was published.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What it brings.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

impl Step {
    /// A step of statements that both understand.
    pub const fn same(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: sql, postgres: sql }
    }
}

impl Part {
    pub(crate) fn migrator(&self, kind: Kind) -> Migrator {
        let migration = |(version, step): (i64, &Step)| {
            let sql = match kind {
                Kind::Sqlite => step.sqlite,
                Kind::Postgres => step.postgres,
            };
            Migration::new(version, step.name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        Migrator::with_migrations((1..).zip(self.steps).map(migration).collect())
    }

    pub(crate) fn schema(&self) -> String {
        format!("nearside_{}", self.name)
    }
}
