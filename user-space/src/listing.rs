//! The tables that somebody sees, as a listing tells them: how large they are, and when they changed. What their rows are
//! is the catalogue's business.

use api::names::Username;

use crate::error::SpaceError;
use crate::name::TableName;
use crate::registry::Registered;
use crate::space::UserSpace;

/// What the metadata of a table's columns call its description.
pub(crate) const DESCRIPTION: &str = "description";

/// A table as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is.
    pub owner: Username,
    /// Its name in the owner's schema.
    pub name: String,
    /// What its owner says about it.
    pub description: Option<String>,
    /// How many columns it has.
    pub columns: usize,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes it has on disk, compressed.
    pub bytes: u64,
    /// When its rows last changed, in seconds since 1970 UTC.
    pub changed_at: i64,
}

impl UserSpace {
    /// A user's own tables, and those that others share with them, by owner and name.
    pub async fn listed(&self, user: &Username) -> Result<Vec<Listed>, SpaceError> {
        let (_, tables) = self.registry().tables(user).await?;
        Ok(tables.into_iter().map(Listed::of).collect())
    }

    /// The table of this owner and name, if `user` sees it.
    pub async fn listed_table(
        &self,
        user: &Username,
        owner: &Username,
        name: &TableName,
    ) -> Result<Option<Listed>, SpaceError> {
        let tables = self.listed(user).await?;
        Ok(tables.into_iter().find(|table| table.owner == *owner && table.name == name.as_str()))
    }
}

impl Listed {
    fn of(table: Registered) -> Self {
        let Registered { owner, name, columns, rows, bytes, changed_at, files: _ } = table;
        let description = columns.metadata().get(DESCRIPTION).cloned();
        Self { owner, name, description, columns: columns.fields().len(), rows, bytes, changed_at }
    }
}
