//! Public keys as the gateway publishes them and every service reads them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// A public key as published in the key set (RFC 8037 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Key type, `OKP`.
    pub kty: String,
    /// Curve, `Ed25519`.
    pub crv: String,
    /// Algorithm, `EdDSA`.
    pub alg: String,
    /// Use, `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Name of the key.
    pub kid: String,
    /// The 32 bytes of the key, base64url without padding.
    pub x: String,
}

impl PublicKey {
    /// The published form of an Ed25519 public key of 32 bytes.
    pub fn ed25519(kid: &str, key: &[u8]) -> Self {
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            alg: "EdDSA".into(),
            usage: "sig".into(),
            kid: kid.into(),
            x: URL_SAFE_NO_PAD.encode(key),
        }
    }
}

/// The published key set (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// Keys that are good now.
    pub keys: Vec<PublicKey>,
}
