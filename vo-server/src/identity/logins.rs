//! Logins over the TAP+ interface. The client holds a secret in a cookie, we hold its digest.

use api::names::Username;
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use sqlx::Row;

use super::page;
use crate::state::{State, StateError, now};

/// The name of the cookie, for which astroquery looks.
pub(crate) const COOKIE: &str = "SESSION";
/// The logins of this server.
pub(crate) struct Logins<'a> {
    state: &'a State,
}

impl<'a> Logins<'a> {
    /// Seconds that a login lasts.
    pub(crate) const SECONDS: i64 = 24 * 3600;

    /// The logins that `state` keeps.
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Signs a client in; the answer is the secret for its cookie.
    pub(crate) async fn begin(&self, user: &Username) -> Result<String, StateError> {
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let pool = self.state.pool();
        sqlx::query("DELETE FROM logins WHERE expires_at <= $1").bind(now()).execute(pool).await?;
        sqlx::query("INSERT INTO logins (id, account, expires_at) VALUES ($1, $2, $3)")
            .bind(digest(&secret))
            .bind(user.as_str())
            .bind(now() + Self::SECONDS)
            .execute(pool)
            .await?;
        Ok(secret)
    }

    /// Whose login this is.
    pub(crate) async fn find(&self, secret: &str) -> Result<Option<Username>, StateError> {
        let row = sqlx::query("SELECT account FROM logins WHERE id = $1 AND expires_at > $2")
            .bind(digest(secret))
            .bind(now())
            .fetch_optional(self.state.pool())
            .await?;
        let account: Option<String> = row.map(|row| row.try_get("account")).transpose()?;
        Ok(account.and_then(|name| name.parse().ok()))
    }

    /// Ends a login.
    pub(crate) async fn end(&self, secret: &str) -> Result<(), StateError> {
        let end = sqlx::query("DELETE FROM logins WHERE id = $1").bind(digest(secret));
        end.execute(self.state.pool()).await?;
        Ok(())
    }
}

/// The secret in the cookie of a request, unless a page that is not ours has sent it.
pub(crate) fn secret(headers: &HeaderMap) -> Option<&str> {
    if page::is_foreign(headers) {
        return None;
    }
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
