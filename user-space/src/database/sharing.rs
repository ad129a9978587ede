//! Groups and shares in the database. Each change is an epoch, because it changes what people see.

use std::collections::HashMap;

use api::names::Username;
use api::permission::Role;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::{Database, find};
use crate::error::SpaceError;
use crate::name::schema_of;
use crate::sharing::{Access, Group, Share};

impl Database {
    /// The groups that a user made or is in, by title.
    pub(crate) async fn groups(&self, user: &Username) -> Result<Vec<Group>, sqlx::Error> {
        let mut read = self.pool.begin().await?;
        let groups = "SELECT id, owner, title, description FROM user_groups WHERE owner = $1 OR id IN \
                      (SELECT group_id FROM user_group_members WHERE member = $1) ORDER BY title, id";
        let groups = sqlx::query(groups).bind(user.as_str()).fetch_all(&mut *read).await?;
        let members = "SELECT group_id, member FROM user_group_members WHERE group_id IN \
                       (SELECT id FROM user_groups WHERE owner = $1 \
                        UNION SELECT group_id FROM user_group_members WHERE member = $1) ORDER BY member";
        let members: Vec<(String, String)> =
            sqlx::query_as(members).bind(user.as_str()).fetch_all(&mut *read).await?;
        let mut of_group: HashMap<String, Vec<Username>> = HashMap::new();
        for (group, member) in members {
            of_group.entry(group).or_default().push(name(&member)?);
        }
        let group = |row: &SqliteRow| {
            let id: String = row.try_get("id")?;
            Ok(Group {
                members: of_group.remove(&id).unwrap_or_default(),
                owner: name(row.try_get("owner")?)?,
                title: row.try_get("title")?,
                description: row.try_get("description")?,
                id,
            })
        };
        groups.iter().map(group).collect()
    }

    /// Makes a group where it has no number yet, else changes it; its number.
    pub(crate) async fn set_group(&self, group: &Group, most: usize) -> Result<String, SpaceError> {
        let mut change = self.change().await?;
        let Group { owner, title, description, members, .. } = group;
        let id = match group.id.as_str() {
            "" => {
                let count = sqlx::query_scalar("SELECT COUNT(*) FROM user_groups WHERE owner = $1");
                let count: i64 = count.bind(owner.as_str()).fetch_one(&mut *change).await?;
                if usize::try_from(count).unwrap_or(usize::MAX) >= most {
                    return Err(SpaceError::TooManyGroups { limit: most });
                }
                let id = uuid::Uuid::new_v4().simple().to_string();
                let insert = "INSERT INTO user_groups (id, owner, title, description) VALUES ($1, $2, $3, $4) \
                              ON CONFLICT (owner, title) DO NOTHING";
                let insert = sqlx::query(insert).bind(&id).bind(owner.as_str()).bind(title).bind(description);
                if insert.execute(&mut *change).await?.rows_affected() == 0 {
                    return Err(SpaceError::GroupExists { title: title.clone() });
                }
                id
            }
            id => {
                let update =
                    "UPDATE user_groups SET title = $1, description = $2 WHERE id = $3 AND owner = $4";
                let update = sqlx::query(update).bind(title).bind(description).bind(id).bind(owner.as_str());
                if update.execute(&mut *change).await?.rows_affected() == 0 {
                    return Err(SpaceError::NoGroup { group: id.to_owned() });
                }
                id.to_owned()
            }
        };
        sqlx::query("DELETE FROM user_group_members WHERE group_id = $1")
            .bind(&id)
            .execute(&mut *change)
            .await?;
        for member in members {
            let insert = "INSERT INTO user_group_members (group_id, member) VALUES ($1, $2) \
                          ON CONFLICT (group_id, member) DO NOTHING";
            sqlx::query(insert).bind(&id).bind(member.as_str()).execute(&mut *change).await?;
        }
        change.commit().await?;
        Ok(id)
    }

    /// Removes a group that `owner` made. False where there is none.
    pub(crate) async fn drop_group(&self, owner: &Username, id: &str) -> Result<bool, sqlx::Error> {
        let mut change = self.change().await?;
        let delete = sqlx::query("DELETE FROM user_groups WHERE id = $1 AND owner = $2").bind(id);
        let found = delete.bind(owner.as_str()).execute(&mut *change).await?.rows_affected() > 0;
        change.commit().await?;
        Ok(found)
    }

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

    /// What a user shares, and what others share with the user.
    pub(crate) async fn shares(&self, user: &Username) -> Result<Vec<Share>, sqlx::Error> {
        let shares = "SELECT s.id, t.owner, t.name, s.group_id, s.description, s.may_write \
                      FROM user_shares s JOIN user_tables t ON s.table_id = t.id \
                      WHERE t.owner = $1 OR s.group_id IN \
                      (SELECT group_id FROM user_group_members WHERE member = $1) ORDER BY t.owner, t.name, s.id";
        let rows = sqlx::query(shares).bind(user.as_str()).fetch_all(&self.pool).await?;
        let share = |row: &SqliteRow| {
            let may_write: i64 = row.try_get("may_write")?;
            Ok(Share {
                id: row.try_get("id")?,
                owner: name(row.try_get("owner")?)?,
                table: row.try_get("name")?,
                group: row.try_get("group_id")?,
                description: row.try_get("description")?,
                access: if may_write == 1 { Access::Write } else { Access::Read },
            })
        };
        rows.iter().map(share).collect()
    }
}

/// What somebody is to a table.
pub(super) async fn role(
    change: &mut Transaction<'_, Sqlite>,
    actor: &Username,
    owner: &Username,
    table_id: &str,
) -> Result<Role, sqlx::Error> {
    if actor == owner {
        return Ok(Role::Owner);
    }
    let most = "SELECT MAX(s.may_write) FROM user_shares s JOIN user_group_members m ON s.group_id = m.group_id \
                WHERE s.table_id = $1 AND m.member = $2";
    let most: Option<i64> =
        sqlx::query_scalar(most).bind(table_id).bind(actor.as_str()).fetch_one(&mut **change).await?;
    Ok(match most {
        None => Role::Person,
        Some(1) => Role::Writer,
        Some(_) => Role::Reader,
    })
}

pub(super) fn name(text: &str) -> Result<Username, sqlx::Error> {
    text.parse().map_err(|error: api::names::UsernameError| sqlx::Error::Decode(error.into()))
}
