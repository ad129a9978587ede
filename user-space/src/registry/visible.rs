//! Who sees which tables, and which files are theirs.

use std::collections::HashMap;

use api::names::Username;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Registry;
use super::rows::{Registered, bytes_but};

/// Tables of a user, and those that others share.
const VISIBLE: &str = "t.owner = $1 OR t.id IN (SELECT s.table_id FROM user_shares s \
                       JOIN user_group_members m ON s.group_id = m.group_id WHERE m.member = $1)";

impl Registry {
    /// The tables of a user and those that others share, by owner and name, and the epoch that they are of.
    pub(crate) async fn tables(&self, user: &Username) -> Result<(u64, Vec<Registered>), sqlx::Error> {
        let mut read = self.database.read().await?;
        let epoch = sqlx::query_scalar("SELECT epoch FROM epochs WHERE id = 1");
        let epoch: i64 = epoch.fetch_one(&mut *read).await?;
        let tables = format!(
            "SELECT t.id, t.owner, t.name, t.columns, t.row_count, t.bytes, t.changed_at FROM user_tables t \
             WHERE {VISIBLE}"
        );
        let tables =
            sqlx::query(sqlx::AssertSqlSafe(tables)).bind(user.as_str()).fetch_all(&mut *read).await?;
        let files = format!(
            "SELECT f.table_id, f.id FROM user_files f JOIN user_tables t ON f.table_id = t.id \
             WHERE {VISIBLE} ORDER BY f.place"
        );
        let files: Vec<(String, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(files)).bind(user.as_str()).fetch_all(&mut *read).await?;
        read.commit().await?;
        let mut of_table: HashMap<String, Vec<String>> = HashMap::new();
        for (table, file) in files {
            of_table.entry(table).or_default().push(file);
        }
        let table = |row: &AnyRow| {
            let files = of_table.remove(&row.try_get::<String, _>("id")?).unwrap_or_default();
            Registered::of_row(row, files)
        };
        let mut tables = tables.iter().map(table).collect::<Result<Vec<_>, sqlx::Error>>()?;
        // Here and not there, because databases differ in how they order names.
        tables.sort_by(|one, two| (&one.owner, &one.name).cmp(&(&two.owner, &two.name)));
        Ok((epoch.unsigned_abs(), tables))
    }

    /// Whether a file is part of a table.
    pub(crate) async fn has_file(&self, id: &str) -> Result<bool, sqlx::Error> {
        let found = sqlx::query("SELECT id FROM user_files WHERE id = $1").bind(id);
        Ok(found.fetch_optional(self.database.pool()).await?.is_some())
    }

    /// Bytes that an owner's tables have.
    pub(crate) async fn bytes(&self, owner: &Username) -> Result<u64, sqlx::Error> {
        let mut read = self.database.read().await?;
        bytes_but(&mut read, owner, "").await
    }
}
