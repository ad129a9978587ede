//! Tables as rows of the database.

use api::names::Username;
use arrow_schema::SchemaRef;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::columns;

/// A table as it is registered.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) owner: Username,
    pub(crate) name: String,
    pub(crate) columns: SchemaRef,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// When its rows last changed, in seconds since 1970 UTC.
    pub(crate) changed_at: i64,
    /// Names of its files, in order.
    pub(crate) files: Vec<String>,
}

/// A table as a change needs it.
pub(super) struct Found {
    pub(super) id: String,
    pub(super) columns: SchemaRef,
    pub(super) files: Vec<String>,
}

impl Registered {
    pub(super) fn of_row(row: &AnyRow, files: Vec<String>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            owner: username(row.try_get("owner")?)?,
            name: row.try_get("name")?,
            columns: schema(row)?,
            rows: row.try_get::<i64, _>("row_count")?.unsigned_abs(),
            bytes: row.try_get::<i64, _>("bytes")?.unsigned_abs(),
            changed_at: row.try_get("changed_at")?,
            files,
        })
    }
}

/// The table of this name, if there is one.
pub(super) async fn find(
    transaction: &mut Transaction<'_, Any>,
    owner: &Username,
    name: &str,
) -> Result<Option<Found>, sqlx::Error> {
    let table = "SELECT id, columns FROM user_tables WHERE owner = $1 AND name = $2";
    let table = sqlx::query(table).bind(owner.as_str()).bind(name).fetch_optional(&mut **transaction).await?;
    let Some(table) = table else { return Ok(None) };
    let id: String = table.try_get("id")?;
    let files = "SELECT id FROM user_files WHERE table_id = $1 ORDER BY place";
    let files = sqlx::query_scalar(files).bind(&id).fetch_all(&mut **transaction).await?;
    Ok(Some(Found { id, columns: schema(&table)?, files }))
}

/// Bytes that an owner's tables have, without those of one table.
pub(super) async fn bytes_but(
    transaction: &mut Transaction<'_, Any>,
    owner: &Username,
    table_id: &str,
) -> Result<u64, sqlx::Error> {
    let sum = "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM user_tables WHERE owner = $1 AND id <> $2";
    let sum = sqlx::query_scalar(sum).bind(owner.as_str()).bind(table_id);
    let sum: i64 = sum.fetch_one(&mut **transaction).await?;
    Ok(sum.unsigned_abs())
}

/// Tables that an owner has.
pub(super) async fn count(
    transaction: &mut Transaction<'_, Any>,
    owner: &Username,
) -> Result<usize, sqlx::Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM user_tables WHERE owner = $1").bind(owner.as_str());
    let count: i64 = count.fetch_one(&mut **transaction).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) fn username(text: &str) -> Result<Username, sqlx::Error> {
    text.parse().map_err(|error: api::names::UsernameError| sqlx::Error::Decode(error.into()))
}

/// As databases count.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn schema(row: &AnyRow) -> Result<SchemaRef, sqlx::Error> {
    let bytes: Vec<u8> = row.try_get("columns")?;
    columns::from_bytes(&bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}
