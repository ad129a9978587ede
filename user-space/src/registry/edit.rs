//! What becomes of a table that is there: it is dropped, described, or given another name.

use api::names::Username;
use api::permission::{Object, Role, Verb};
use arrow_schema::Schema;

use super::rows::find;
use super::{Registry, rights};
use crate::columns;
use crate::error::SpaceError;
use crate::name::{TableName, schema_of};

impl Registry {
    /// Removes a table; the names of its files, or nothing where there is no such table.
    pub(crate) async fn drop(
        &self,
        actor: &Username,
        owner: &Username,
        name: &TableName,
    ) -> Result<Option<Vec<String>>, SpaceError> {
        let mut change = self.change().await?;
        let table = find(&mut change, owner, name.as_str()).await?;
        let role = match &table {
            Some(table) => rights::role(&mut change, actor, owner, &table.id).await?,
            None if actor == owner => Role::Owner,
            None => Role::Person,
        };
        rights::allowed(role, Object::UserTable, Verb::Drop, actor, (owner, name.as_str()))?;
        let Some(table) = table else { return Ok(None) };
        for sql in ["DELETE FROM user_files WHERE table_id = $1", "DELETE FROM user_tables WHERE id = $1"] {
            sqlx::query(sql).bind(&table.id).execute(&mut *change).await?;
        }
        change.commit().await?;
        Ok(Some(table.files))
    }

    /// Writes down other columns of a table, of the same types. False where there is no such table.
    pub(crate) async fn edit_columns(
        &self,
        owner: &Username,
        name: &TableName,
        edit: impl FnOnce(&Schema) -> Result<Schema, SpaceError>,
    ) -> Result<bool, SpaceError> {
        let mut change = self.change().await?;
        let Some(table) = find(&mut change, owner, name.as_str()).await? else { return Ok(false) };
        let columns = columns::to_bytes(&edit(&table.columns)?);
        let update = "UPDATE user_tables SET columns = $1 WHERE id = $2";
        sqlx::query(update).bind(columns).bind(&table.id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Gives a table another name. False where there is no such table.
    pub(crate) async fn rename(
        &self,
        owner: &Username,
        name: &TableName,
        new_name: &TableName,
    ) -> Result<bool, SpaceError> {
        let mut change = self.change().await?;
        if find(&mut change, owner, new_name.as_str()).await?.is_some() {
            return Err(SpaceError::Exists { table: format!("{}.{new_name}", schema_of(owner)) });
        }
        let Some(table) = find(&mut change, owner, name.as_str()).await? else { return Ok(false) };
        let update = sqlx::query("UPDATE user_tables SET name = $1 WHERE id = $2").bind(new_name.as_str());
        update.bind(&table.id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(true)
    }
}
