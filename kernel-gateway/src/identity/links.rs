//! One-time sign-in links: printed by the command that starts Nearside, used by the browser it opens.

use api::names::Username;
use sqlx::{Row, SqlitePool};

use super::accounts::username;
use super::{IdentityError, now};
use crate::secrets;

/// Seconds within which a link must be used.
pub const LINK_SECONDS: i64 = 600;

/// A fresh code for an existing account. Only its digest is stored.
pub async fn issue(pool: &SqlitePool, user: &Username) -> Result<String, IdentityError> {
    let code = secrets::fresh();
    sqlx::query("DELETE FROM links WHERE expires_at <= ?").bind(now()).execute(pool).await?;
    let added = sqlx::query(
        "INSERT INTO links (code_hash, account, expires_at) SELECT ?, name, ? FROM accounts WHERE name = ?",
    )
    .bind(secrets::digest(&code))
    .bind(now() + LINK_SECONDS)
    .bind(user.as_str())
    .execute(pool)
    .await?;
    if added.rows_affected() == 0 {
        return Err(IdentityError::NoAccount(user.clone()));
    }
    Ok(code)
}

/// Uses a code up. One statement, so that of two browsers with the same link only one gets in.
pub async fn redeem(pool: &SqlitePool, code: &str) -> Result<Option<Username>, IdentityError> {
    let row = sqlx::query("DELETE FROM links WHERE code_hash = ? AND expires_at > ? RETURNING account")
        .bind(secrets::digest(code))
        .bind(now())
        .fetch_optional(pool)
        .await?;
    row.map(|row| username(row.try_get("account")?)).transpose()
}
