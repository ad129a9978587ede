//! How a whole file becomes part of a table, if its owner's limits and the permission table let it.

use api::names::Username;
use arrow_schema::SchemaRef;
use sqlx::{Any, Transaction};

use super::rows::{Found, bytes_but, count, find, signed};
use super::{Registry, rights};
use crate::columns;
use crate::error::SpaceError;
use crate::limits::SpaceLimits;
use crate::name::{TableName, schema_of};
use crate::upload::Way;

/// A whole file that is to become (part of) a table.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Who writes it.
    pub(crate) actor: Username,
    /// Whose it is to be.
    pub(crate) owner: Username,
    pub(crate) name: TableName,
    pub(crate) way: Way,
    pub(crate) columns: SchemaRef,
    pub(crate) file: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// What a change has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Whether the file is part of a table now.
    pub(crate) stored: bool,
    /// Files that are part of no table any more.
    pub(crate) unused: Vec<String>,
}

/// Why a file is not part of a table, or may be.
#[derive(Debug)]
pub(crate) enum Uncertain {
    /// It is not.
    No(SpaceError),
    /// The database did not say what became of the transaction.
    Unknown(sqlx::Error),
}

impl From<SpaceError> for Uncertain {
    fn from(error: SpaceError) -> Self {
        Self::No(error)
    }
}

impl From<sqlx::Error> for Uncertain {
    fn from(error: sqlx::Error) -> Self {
        Self::No(error.into())
    }
}

impl Registry {
    /// Makes a whole, flushed file part of a table. When this returns, the table is there, and stays.
    pub(crate) async fn store(&self, new: &Candidate, limits: &SpaceLimits) -> Result<Changed, Uncertain> {
        let mut change = self.change().await?;
        let table = find(&mut change, &new.owner, new.name.as_str()).await?;
        check(&mut change, new, table.as_ref(), limits).await?;
        let Some(unused) = put(&mut change, new, table).await? else { return Ok(Changed::default()) };
        change.commit().await.map_err(Uncertain::Unknown)?;
        Ok(Changed { stored: true, unused })
    }

    /// Whether [`Registry::store`] would take a file, as far as can be told before it is written.
    pub(crate) async fn would_store(
        &self,
        new: &Candidate,
        limits: &SpaceLimits,
    ) -> Result<bool, SpaceError> {
        let mut read = self.database.read().await?;
        let table = find(&mut read, &new.owner, new.name.as_str()).await?;
        let kept = new.way == Way::Keep && table.is_some();
        check(&mut read, new, table.as_ref(), limits).await?;
        Ok(!kept)
    }
}

async fn check(
    change: &mut Transaction<'_, Any>,
    new: &Candidate,
    table: Option<&Found>,
    limits: &SpaceLimits,
) -> Result<(), SpaceError> {
    let named = || format!("{}.{}", schema_of(&new.owner), new.name);
    rights::permit(change, new, table).await?;
    match (new.way, table) {
        (Way::Create, Some(_)) => return Err(SpaceError::Exists { table: named() }),
        (Way::Append, None) => return Err(SpaceError::Missing { table: named() }),
        (Way::Append | Way::CreateOrAppend, Some(found)) => {
            if let Some(difference) = columns::difference(&found.columns, &new.columns) {
                return Err(SpaceError::Differs { table: named(), difference });
            }
            if found.files.len() >= limits.files_per_table {
                return Err(SpaceError::TooManyAppends { table: named(), limit: limits.files_per_table });
            }
        }
        (Way::Keep | Way::Replace, Some(_)) | (_, None) => {}
    }
    if table.is_none() && count(change, &new.owner).await? >= limits.user_tables {
        return Err(SpaceError::TooManyTables { limit: limits.user_tables });
    }
    let replaced = table.filter(|_| new.way == Way::Replace).map_or("", |found| found.id.as_str());
    if bytes_but(change, &new.owner, replaced).await?.saturating_add(new.bytes) > limits.user_bytes {
        return Err(SpaceError::Full { limit_bytes: limits.user_bytes });
    }
    Ok(())
}

/// Writes the rows of the database; the files that are used no more, or nothing when nothing is to be done.
async fn put(
    change: &mut Transaction<'_, Any>,
    new: &Candidate,
    table: Option<Found>,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let (id, place, unused) = match table {
        Some(_) if new.way == Way::Keep => return Ok(None),
        Some(Found { id, files, .. }) if new.way == Way::Replace => {
            replace(change, new, &id).await?;
            (id, 0, files)
        }
        Some(Found { id, files, .. }) => {
            append(change, new, &id).await?;
            (id, files.len(), Vec::new())
        }
        None => (insert(change, new).await?, 0, Vec::new()),
    };
    let file = "INSERT INTO user_files (id, table_id, place) VALUES ($1, $2, $3)";
    let file = sqlx::query(file).bind(&new.file).bind(&id).bind(signed(place as u64));
    file.execute(&mut **change).await?;
    Ok(Some(unused))
}

async fn insert(change: &mut Transaction<'_, Any>, new: &Candidate) -> Result<String, sqlx::Error> {
    let (id, now) = (uuid::Uuid::new_v4().simple().to_string(), now());
    let insert = "INSERT INTO user_tables (id, owner, name, columns, row_count, bytes, created_at, changed_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let insert = sqlx::query(insert).bind(&id).bind(new.owner.as_str()).bind(new.name.as_str());
    let insert = insert.bind(columns::to_bytes(&new.columns)).bind(signed(new.rows));
    insert.bind(signed(new.bytes)).bind(now).bind(now).execute(&mut **change).await?;
    Ok(id)
}

async fn replace(change: &mut Transaction<'_, Any>, new: &Candidate, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM user_files WHERE table_id = $1").bind(id).execute(&mut **change).await?;
    let update =
        "UPDATE user_tables SET columns = $1, row_count = $2, bytes = $3, changed_at = $4 WHERE id = $5";
    let update = sqlx::query(update).bind(columns::to_bytes(&new.columns)).bind(signed(new.rows));
    update.bind(signed(new.bytes)).bind(now()).bind(id).execute(&mut **change).await?;
    Ok(())
}

async fn append(change: &mut Transaction<'_, Any>, new: &Candidate, id: &str) -> Result<(), sqlx::Error> {
    let update = "UPDATE user_tables SET row_count = row_count + $1, bytes = bytes + $2, changed_at = $3 \
                  WHERE id = $4";
    let update = sqlx::query(update).bind(signed(new.rows)).bind(signed(new.bytes));
    update.bind(now()).bind(id).execute(&mut **change).await?;
    Ok(())
}

/// Seconds since 1970 UTC.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
