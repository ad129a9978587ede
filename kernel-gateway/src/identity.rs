//! Who may sign in, who is signed in, and the key with which this installation vouches for them.
//!
//! Everything is in one SQLite file, `gateway.db`, so that an account or a link made by another process of
//! this machine is known at once. What a person *may do* is not decided here.

mod accounts;
mod database;
mod keys;
mod links;
mod logins;
mod passwords;
mod vouched;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::names::Username;
use api::token::{Audience, Claims, KeySet, Signer};
use sqlx::SqlitePool;
use thiserror::Error;
use uuid::Uuid;

pub use accounts::Accounts;
pub use keys::Seal;
pub use links::LINK_SECONDS;
pub use logins::LOGIN_SECONDS;
pub(crate) use logins::{Login, Logins};
pub use vouched::Person;

use passwords::Passwords;

/// Why the identity store could not do it.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The file cannot be created or read.
    #[error("failed to open {path}: check that the directory exists and is yours")]
    File {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A newer Nearside wrote it, or it is damaged.
    #[error("failed to bring the identity database up to date: it is damaged, or a newer Nearside made it")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the identity database failed")]
    Database(#[from] sqlx::Error),
    /// There is one already.
    #[error("there is already an account {0}: choose another name")]
    AccountExists(Username),
    /// There is none.
    #[error("there is no account {0}: add it first")]
    NoAccount(Username),
    /// Too short or too long to be a password.
    #[error("a password has {min} to {max} bytes", min = passwords::MIN_BYTES, max = passwords::MAX_BYTES)]
    PasswordLength,
    /// The hash function failed, which means memory is short.
    #[error("failed to hash a password: is there memory left?")]
    Hash,
    /// The signing key cannot be made or read.
    #[error("failed to use the signing key")]
    SigningKey(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database contains what this program never writes.
    #[error("the identity database holds an impossible {0}: restore it from a backup")]
    Damaged(&'static str),
}

/// The opened identity store. Clones share it.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
}

struct Inner {
    pool: SqlitePool,
    installation: Uuid,
    issuer: String,
    signer: Signer,
    key_set: KeySet,
    passwords: Passwords,
}

impl Identity {
    /// Opens or creates `gateway.db` (mode 0600) in `state_dir`, which must exist. Makes the installation's
    /// name and signing key at first.
    pub async fn open(state_dir: &Path) -> Result<Self, IdentityError> {
        Self::open_sealed(state_dir, None).await
    }

    /// The same, but tokens bear this name and are signed with this key, if one is given.
    pub async fn open_sealed(state_dir: &Path, seal: Option<&Seal>) -> Result<Self, IdentityError> {
        let pool = database::open(&state_dir.join("gateway.db")).await?;
        let installation = keys::installation(&pool).await?;
        let keys::Keys { signer, key_set } = match seal {
            Some(seal) => seal.keys()?,
            None => keys::open(&pool).await?,
        };
        let inner = Inner {
            issuer: seal.map_or_else(|| format!("urn:nearside:{installation}"), |seal| seal.issuer.clone()),
            passwords: Passwords::new()?,
            pool,
            installation,
            signer,
            key_set,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The name of this installation in tokens, stable over restarts and ports.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// The random name that marks the processes of this installation.
    pub fn installation(&self) -> Uuid {
        self.inner.installation
    }

    /// The public keys that verify [`Identity::sign`].
    pub fn key_set(&self) -> KeySet {
        self.inner.key_set.clone()
    }

    /// A token that says who `user` is to each of `audiences`, for `lifetime_seconds` from now.
    pub fn sign(
        &self,
        user: &Username,
        audiences: &[Audience],
        lifetime_seconds: i64,
    ) -> Result<String, IdentityError> {
        let now = now();
        let claims = Claims {
            iss: self.inner.issuer.clone(),
            sub: user.clone(),
            aud: audiences.to_vec(),
            exp: now + lifetime_seconds,
            nbf: now,
            iat: now,
            jti: Uuid::new_v4().to_string(),
        };
        self.inner.signer.sign(&claims).map_err(|error| IdentityError::SigningKey(error.into()))
    }

    /// The local accounts.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(&self.inner.pool, &self.inner.passwords)
    }

    /// A code that signs `user` in once, at `/login/link/{code}`, within [`LINK_SECONDS`].
    pub async fn issue_link(&self, user: &Username) -> Result<String, IdentityError> {
        links::issue(&self.inner.pool, user).await
    }

    /// Whose code this is. It is used up by asking.
    pub(crate) async fn redeem_link(&self, code: &str) -> Result<Option<Username>, IdentityError> {
        links::redeem(&self.inner.pool, code).await
    }

    /// The account of a person for whom a provider vouches; the first sign-in makes it.
    pub async fn account_of(&self, person: &Person) -> Result<Username, IdentityError> {
        vouched::account_of(&self.inner.pool, person).await
    }

    /// The signed-in browsers.
    pub(crate) fn logins(&self) -> Logins<'_> {
        Logins::new(&self.inner.pool)
    }

    /// Whether the database answers.
    pub(crate) async fn is_well(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.inner.pool).await.is_ok()
    }
}

/// Seconds since 1970 UTC.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
