//! Argon2id, with a bound on how much of the machine guessing can use.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::IdentityError;

/// Shortest password in bytes.
pub const MIN_BYTES: usize = 8;
/// Longest password in bytes; more would only be work for us.
pub const MAX_BYTES: usize = 1024;
/// Hashes computed at the same time; each takes 19 MiB and tens of milliseconds of one core.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords on the blocking pool, [`AT_ONCE`] at a time.
pub struct Passwords {
    turns: Arc<Semaphore>,
    nobodys_hash: String,
}

impl Passwords {
    /// Makes the hash against which passwords of unknown accounts are checked.
    pub fn new() -> Result<Self, IdentityError> {
        let nobodys_hash = hash(&crate::secrets::fresh().into())?;
        Ok(Self { turns: Arc::new(Semaphore::new(AT_ONCE)), nobodys_hash })
    }

    /// The hash to store, in the PHC string format.
    pub async fn hash(&self, password: SecretString) -> Result<String, IdentityError> {
        if !(MIN_BYTES..=MAX_BYTES).contains(&password.expose_secret().len()) {
            return Err(IdentityError::PasswordLength);
        }
        self.in_turn(move || hash(&password)).await?
    }

    /// Whether the password is the stored one. Without a stored hash the answer is no, after the same work.
    pub async fn check(&self, password: SecretString, stored: Option<String>) -> Result<bool, IdentityError> {
        let known = stored.is_some();
        let against = stored.unwrap_or_else(|| self.nobodys_hash.clone());
        let matches = self.in_turn(move || verify(&password, &against)).await?;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| IdentityError::Hash)?;
        let done = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when the caller has gone away meanwhile.
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| IdentityError::Hash)
    }
}

fn hash(password: &SecretString) -> Result<String, IdentityError> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map_err(|_| IdentityError::Hash)?;
    Ok(hash.to_string())
}

fn verify(password: &SecretString, stored: &str) -> bool {
    // An overlong guess costs the same work as any other, and is wrong.
    let guess = password.expose_secret().as_bytes();
    let bounded = &guess[..guess.len().min(MAX_BYTES)];
    let matches = PasswordHash::new(stored)
        .is_ok_and(|stored| Argon2::default().verify_password(bounded, &stored).is_ok());
    matches && bounded.len() == guess.len()
}
