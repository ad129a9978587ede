//! The installation's name and its signing key, both made once.

use api::token::{KeySet, PublicKey, Signer};
use rcgen::{KeyPair, PKCS_ED25519};
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

use super::{IdentityError, now};

/// What the installation signs with, and what others check it by.
pub struct Keys {
    pub signer: Signer,
    pub key_set: KeySet,
}

/// The installation's name; the first process to ask makes it.
pub async fn installation(pool: &SqlitePool) -> Result<Uuid, IdentityError> {
    sqlx::query("INSERT INTO installation (one, id, created_at) VALUES (1, ?, ?) ON CONFLICT DO NOTHING")
        .bind(Uuid::new_v4().to_string())
        .bind(now())
        .execute(pool)
        .await?;
    let id: String = sqlx::query("SELECT id FROM installation").fetch_one(pool).await?.try_get("id")?;
    id.parse().map_err(|_| IdentityError::Damaged("installation id"))
}

/// The signing key; made where there is none.
pub async fn open(pool: &SqlitePool) -> Result<Keys, IdentityError> {
    const NEWEST: &str =
        "SELECT kid, pem, public_key FROM signing_keys ORDER BY created_at DESC, kid LIMIT 1";
    let row = match sqlx::query(NEWEST).fetch_optional(pool).await? {
        Some(row) => row,
        None => {
            make(pool).await?;
            sqlx::query(NEWEST).fetch_one(pool).await?
        }
    };
    let (kid, pem, public_key): (String, String, Vec<u8>) =
        (row.try_get("kid")?, row.try_get("pem")?, row.try_get("public_key")?);
    let signer = Signer::from_pem(&kid, &pem).map_err(|error| IdentityError::SigningKey(error.into()))?;
    Ok(Keys { signer, key_set: KeySet { keys: vec![PublicKey::ed25519(&kid, &public_key)] } })
}

/// Adds a key, unless another process was faster.
async fn make(pool: &SqlitePool) -> Result<(), IdentityError> {
    let key =
        KeyPair::generate_for(&PKCS_ED25519).map_err(|error| IdentityError::SigningKey(error.into()))?;
    sqlx::query(
        "INSERT INTO signing_keys (kid, pem, public_key, created_at)
         SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM signing_keys)",
    )
    .bind(Uuid::new_v4().to_string())
    .bind(key.serialize_pem())
    .bind(key.public_key_raw())
    .bind(now())
    .execute(pool)
    .await?;
    Ok(())
}
