//! Groups of people in the database. Each change is an epoch, because it changes what people see.

use std::collections::HashMap;

use api::names::Username;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::Registry;
use super::rows::username;
use crate::error::SpaceError;
use crate::sharing::Group;

impl Registry {
    /// The groups that a user made or is in, by title.
    pub(crate) async fn groups(&self, user: &Username) -> Result<Vec<Group>, sqlx::Error> {
        let mut read = self.database.read().await?;
        let groups = "SELECT id, owner, title, description FROM user_groups WHERE owner = $1 OR id IN \
                      (SELECT group_id FROM user_group_members WHERE member = $1)";
        let groups = sqlx::query(groups).bind(user.as_str()).fetch_all(&mut *read).await?;
        let members = "SELECT group_id, member FROM user_group_members WHERE group_id IN \
                       (SELECT id FROM user_groups WHERE owner = $1 \
                        UNION SELECT group_id FROM user_group_members WHERE member = $1)";
        let members: Vec<(String, String)> =
            sqlx::query_as(members).bind(user.as_str()).fetch_all(&mut *read).await?;
        let mut of_group: HashMap<String, Vec<Username>> = HashMap::new();
        for (group, member) in members {
            of_group.entry(group).or_default().push(username(&member)?);
        }
        let group = |row: &AnyRow| {
            let id: String = row.try_get("id")?;
            let mut members = of_group.remove(&id).unwrap_or_default();
            members.sort_unstable();
            Ok(Group {
                members,
                owner: username(row.try_get("owner")?)?,
                title: row.try_get("title")?,
                description: row.try_get("description")?,
                id,
            })
        };
        let mut groups = groups.iter().map(group).collect::<Result<Vec<_>, sqlx::Error>>()?;
        groups.sort_by(|one, two| (&one.title, &one.id).cmp(&(&two.title, &two.id)));
        Ok(groups)
    }

    /// Makes a group where it has no number yet, else changes it; its number.
    pub(crate) async fn set_group(&self, group: &Group, most: usize) -> Result<String, SpaceError> {
        let mut change = self.change().await?;
        let id = match group.id.as_str() {
            "" => insert(&mut change, group, most).await?,
            id => update(&mut change, group).await.map(|()| id.to_owned())?,
        };
        let clear = sqlx::query("DELETE FROM user_group_members WHERE group_id = $1").bind(&id);
        clear.execute(&mut *change).await?;
        for member in &group.members {
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
}

async fn insert(change: &mut Transaction<'_, Any>, group: &Group, most: usize) -> Result<String, SpaceError> {
    let Group { owner, title, description, .. } = group;
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM user_groups WHERE owner = $1");
    let count: i64 = count.bind(owner.as_str()).fetch_one(&mut **change).await?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= most {
        return Err(SpaceError::TooManyGroups { limit: most });
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let insert = "INSERT INTO user_groups (id, owner, title, description) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (owner, title) DO NOTHING";
    let insert = sqlx::query(insert).bind(&id).bind(owner.as_str()).bind(title).bind(description);
    match insert.execute(&mut **change).await?.rows_affected() {
        0 => Err(SpaceError::GroupExists { title: title.clone() }),
        _ => Ok(id),
    }
}

async fn update(change: &mut Transaction<'_, Any>, group: &Group) -> Result<(), SpaceError> {
    let Group { id, owner, title, description, .. } = group;
    let update = "UPDATE user_groups SET title = $1, description = $2 WHERE id = $3 AND owner = $4";
    let update = sqlx::query(update).bind(title).bind(description).bind(id).bind(owner.as_str());
    let updated = update.execute(&mut **change).await;
    let taken = |error: &sqlx::Error| error.as_database_error().is_some_and(|e| e.is_unique_violation());
    match updated {
        Ok(rows) if rows.rows_affected() == 0 => Err(SpaceError::NoGroup { group: id.to_owned() }),
        Ok(_) => Ok(()),
        Err(error) if taken(&error) => Err(SpaceError::GroupExists { title: title.clone() }),
        Err(error) => Err(error.into()),
    }
}
