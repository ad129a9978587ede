//! Tables that are shared with groups, in the database. Each change is an epoch, because it changes what people see.

use api::names::Username;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Registry;
use super::rows::{find, username};
use crate::error::SpaceError;
use crate::name::schema_of;
use crate::sharing::{Access, Share};

impl Registry {
    /// Shares a table with a group that is known to exist.
    pub(crate) async fn share(&self, share: &Share) -> Result<(), SpaceError> {
        let mut change = self.change().await?;
        let Share { id, owner, table, group, description, access } = share;
        let found = find(&mut change, owner, table).await?;
        let found =
            found.ok_or_else(|| SpaceError::Missing { table: format!("{}.{table}", schema_of(owner)) })?;
        let insert = "INSERT INTO user_shares (id, table_id, group_id, description, may_write) \
                      VALUES ($1, $2, $3, $4, $5) ON CONFLICT (table_id, group_id) \
                      DO UPDATE SET description = excluded.description, may_write = excluded.may_write";
        let insert = sqlx::query(insert).bind(id).bind(&found.id).bind(group).bind(description);
        insert.bind(i64::from(*access == Access::Write)).execute(&mut *change).await?;
        change.commit().await?;
        Ok(())
    }

    /// Shares a table of `owner` no more. False where nothing of this number is shared.
    pub(crate) async fn stop_sharing(&self, owner: &Username, id: &str) -> Result<bool, sqlx::Error> {
        let mut change = self.change().await?;
        let delete = "DELETE FROM user_shares WHERE id = $1 AND table_id IN \
                      (SELECT id FROM user_tables WHERE owner = $2)";
        let delete = sqlx::query(delete).bind(id).bind(owner.as_str()).execute(&mut *change).await?;
        change.commit().await?;
        Ok(delete.rows_affected() > 0)
    }

    /// What a user shares, and what others share with the user, by owner and table.
    pub(crate) async fn shares(&self, user: &Username) -> Result<Vec<Share>, sqlx::Error> {
        let shares = "SELECT s.id, t.owner, t.name, s.group_id, s.description, s.may_write \
                      FROM user_shares s JOIN user_tables t ON s.table_id = t.id \
                      WHERE t.owner = $1 OR s.group_id IN \
                      (SELECT group_id FROM user_group_members WHERE member = $1)";
        let rows = sqlx::query(shares).bind(user.as_str()).fetch_all(self.database.pool()).await?;
        let mut shares = rows.iter().map(share).collect::<Result<Vec<_>, sqlx::Error>>()?;
        shares.sort_by(|one, two| (&one.owner, &one.table, &one.id).cmp(&(&two.owner, &two.table, &two.id)));
        Ok(shares)
    }
}

fn share(row: &AnyRow) -> Result<Share, sqlx::Error> {
    let may_write: i64 = row.try_get("may_write")?;
    Ok(Share {
        id: row.try_get("id")?,
        owner: username(row.try_get("owner")?)?,
        table: row.try_get("name")?,
        group: row.try_get("group_id")?,
        description: row.try_get("description")?,
        access: if may_write == 1 { Access::Write } else { Access::Read },
    })
}
