//! The installation's name and its signing key: both made once and kept in the database, or given by the operator.

use api::token::{KeySet, PublicKey, Signer};
use rcgen::{KeyPair, PKCS_ED25519};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

use super::{IdentityError, now};

/// A name and a key that the operator has chosen, so that services can be told both before any gateway has started.
#[derive(Clone, Debug)]
pub struct Seal {
    /// The issuer that tokens name.
    pub issuer: String,
    /// The private key, PKCS#8 PEM of Ed25519.
    pub key: SecretString,
}

/// What the installation signs with, and what others check it by.
pub struct Keys {
    pub signer: Signer,
    pub key_set: KeySet,
}

impl Seal {
    /// A new private key, PKCS#8 PEM, and the public keys by which tokens signed with it are checked.
    pub fn new_key() -> Result<(SecretString, KeySet), IdentityError> {
        let key = new_pair()?;
        Ok((key.serialize_pem().into(), public(&key).1))
    }

    /// The given key, ready for use.
    pub(super) fn keys(&self) -> Result<Keys, IdentityError> {
        let pem = self.key.expose_secret();
        let pair = KeyPair::from_pem_and_sign_algo(pem, &PKCS_ED25519)
            .map_err(|error| IdentityError::SigningKey(error.into()))?;
        let (kid, key_set) = public(&pair);
        let signer = Signer::from_pem(&kid, pem).map_err(|error| IdentityError::SigningKey(error.into()))?;
        Ok(Keys { signer, key_set })
    }
}

fn new_pair() -> Result<KeyPair, IdentityError> {
    KeyPair::generate_for(&PKCS_ED25519).map_err(|error| IdentityError::SigningKey(error.into()))
}

/// The key's name, which is the thumbprint of its public half (RFC 7638 with RFC 8037), and the set that has it alone.
fn public(pair: &KeyPair) -> (String, KeySet) {
    let unnamed = PublicKey::ed25519("", pair.public_key_raw());
    let PublicKey { crv, kty, x, .. } = &unnamed;
    let members = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#);
    let kid = hex::encode(Sha256::digest(members));
    (kid.clone(), KeySet { keys: vec![PublicKey { kid, ..unnamed }] })
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
    let key = new_pair()?;
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

#[cfg(test)]
mod tests {
    use api::names::Username;
    use api::token::{Audience, Verifier};

    use super::Seal;
    use crate::identity::Identity;

    #[tokio::test]
    async fn what_a_given_key_signs_is_checked_by_its_public_half() {
        let dir = tempfile::tempdir().expect("a directory");
        let (key, public) = Seal::new_key().expect("a key");
        let seal = Seal { issuer: "urn:nearside:observatory".to_owned(), key };
        let identity = Identity::open_sealed(dir.path(), Some(&seal)).await.expect("an identity store");
        assert_eq!(identity.key_set(), public);
        let maria: Username = "maria".parse().expect("a name");
        let token = identity.sign(&maria, &[Audience::Flight], 60).expect("a token");
        let verifier = Verifier::new(&seal.issuer, Audience::Flight, &public).expect("a good key set");
        assert_eq!(verifier.verify(&token).expect("a good token").sub, maria);
    }
}
