//! Local accounts: a name and, for those who do not sign in by links only, a password.

use api::names::Username;
use secrecy::SecretString;
use sqlx::{Row, SqlitePool};

use super::passwords::Passwords;
use super::{IdentityError, now};

/// Bytes of an account's identifier: too many to meet one twice, and few enough for names of objects.
const ID_BYTES: usize = 10;

/// The accounts of this installation.
pub struct Accounts<'a> {
    pool: &'a SqlitePool,
    passwords: &'a Passwords,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(pool: &'a SqlitePool, passwords: &'a Passwords) -> Self {
        Self { pool, passwords }
    }

    /// Adds an account; without a password it signs in by links only. Fails when the name is taken.
    pub async fn add(&self, name: &Username, password: Option<SecretString>) -> Result<(), IdentityError> {
        let hash = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let added = sqlx::query(
            "INSERT INTO accounts (id, name, password_hash, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(fresh_id())
        .bind(name.as_str())
        .bind(hash)
        .bind(now())
        .execute(self.pool)
        .await?;
        if added.rows_affected() == 0 {
            return Err(IdentityError::AccountExists(name.clone()));
        }
        Ok(())
    }

    /// Changes the password, and ends every login and link of the account: who knew the old one is out.
    pub async fn set_password(&self, name: &Username, password: SecretString) -> Result<(), IdentityError> {
        let hash = self.passwords.hash(password).await?;
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query("UPDATE accounts SET password_hash = ? WHERE name = ?")
            .bind(hash)
            .bind(name.as_str())
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(IdentityError::NoAccount(name.clone()));
        }
        for end in ["DELETE FROM logins WHERE account = ?", "DELETE FROM links WHERE account = ?"] {
            sqlx::query(end).bind(name.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// All names, in alphabetical order.
    pub async fn list(&self) -> Result<Vec<Username>, IdentityError> {
        let rows = sqlx::query("SELECT name FROM accounts ORDER BY name").fetch_all(self.pool).await?;
        rows.iter().map(|row| username(row.try_get("name")?)).collect()
    }

    /// What the account of this name is known by for ever: lower-case hexadecimal digits.
    pub async fn id(&self, name: &Username) -> Result<String, IdentityError> {
        let row = sqlx::query("SELECT id FROM accounts WHERE name = ?").bind(name.as_str());
        let row = row.fetch_optional(self.pool).await?;
        let id =
            row.ok_or_else(|| IdentityError::NoAccount(name.clone()))?.try_get::<Option<String>, _>("id")?;
        id.ok_or(IdentityError::Damaged("account without an identifier"))
    }

    /// Whether there is an account of this name.
    pub async fn exists(&self, name: &Username) -> Result<bool, IdentityError> {
        let row = sqlx::query("SELECT 1 FROM accounts WHERE name = ?").bind(name.as_str());
        Ok(row.fetch_optional(self.pool).await?.is_some())
    }

    /// Whether `password` opens the account. No name at all, an unknown one and a wrong password cost the same.
    pub async fn check(
        &self,
        name: Option<&Username>,
        password: SecretString,
    ) -> Result<bool, IdentityError> {
        let row = sqlx::query("SELECT password_hash FROM accounts WHERE name = ?")
            .bind(name.map_or("", Username::as_str))
            .fetch_optional(self.pool)
            .await?;
        let stored = row.map(|row| row.try_get::<Option<String>, _>("password_hash")).transpose()?.flatten();
        self.passwords.check(password, stored).await
    }
}

/// An identifier for a new account.
pub(super) fn fresh_id() -> String {
    hex::encode(rand::random::<[u8; ID_BYTES]>())
}

/// A name as this program stored it.
pub(super) fn username(text: String) -> Result<Username, IdentityError> {
    text.parse().map_err(|_| IdentityError::Damaged("account name"))
}
