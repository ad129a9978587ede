//! Logins: signed-in browsers. The browser holds a secret, we hold its digest.

use api::names::Username;
use sqlx::{Row, SqlitePool};

use super::accounts::username;
use super::{IdentityError, now};
use crate::secrets;

/// Seconds after which a login that nobody uses ends.
pub const LOGIN_SECONDS: i64 = 14 * 24 * 3600;
/// A login is extended at most this often, so that reading a page is not a write each time.
const EXTEND_EVERY_SECONDS: i64 = 3600;

/// A signed-in browser.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The digest of the browser's secret.
    pub id: String,
    /// Who signed in.
    pub user: Username,
    /// Whether looking it up has just extended it; the browser's cookie must then follow.
    pub extended: bool,
}

/// The logins of this installation.
pub(crate) struct Logins<'a> {
    pool: &'a SqlitePool,
}

impl<'a> Logins<'a> {
    pub(super) fn new(pool: &'a SqlitePool) -> Self {
        Self { pool }
    }

    /// Signs a browser in; the answer is the secret for its cookie.
    pub async fn begin(&self, user: &Username) -> Result<String, IdentityError> {
        let secret = secrets::fresh();
        sqlx::query("DELETE FROM logins WHERE expires_at <= ?").bind(now()).execute(self.pool).await?;
        sqlx::query("INSERT INTO logins (id, account, created_at, expires_at) VALUES (?, ?, ?, ?)")
            .bind(secrets::digest(&secret))
            .bind(user.as_str())
            .bind(now())
            .bind(now() + LOGIN_SECONDS)
            .execute(self.pool)
            .await?;
        Ok(secret)
    }

    /// The login of a cookie's secret, extended where that is due.
    pub async fn find(&self, secret: &str) -> Result<Option<Login>, IdentityError> {
        let id = secrets::digest(secret);
        let row = sqlx::query("SELECT account, expires_at FROM logins WHERE id = ? AND expires_at > ?")
            .bind(&id)
            .bind(now())
            .fetch_optional(self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let expires_at: i64 = row.try_get("expires_at")?;
        let extended = expires_at < now() + LOGIN_SECONDS - EXTEND_EVERY_SECONDS;
        if extended {
            sqlx::query("UPDATE logins SET expires_at = ? WHERE id = ?")
                .bind(now() + LOGIN_SECONDS)
                .bind(&id)
                .execute(self.pool)
                .await?;
        }
        Ok(Some(Login { user: username(row.try_get("account")?)?, id, extended }))
    }

    /// Whether the login of this digest still exists.
    pub async fn is_alive(&self, id: &str) -> Result<bool, IdentityError> {
        let row = sqlx::query("SELECT 1 FROM logins WHERE id = ? AND expires_at > ?").bind(id).bind(now());
        Ok(row.fetch_optional(self.pool).await?.is_some())
    }

    /// Signs the browser out, in all its tabs.
    pub async fn end(&self, id: &str) -> Result<(), IdentityError> {
        sqlx::query("DELETE FROM logins WHERE id = ?").bind(id).execute(self.pool).await?;
        Ok(())
    }
}
