//! The ID token: checked in every part before a word of it is believed (OpenID Connect Core section 3.1.3.7).

use api::limits::CLOCK_LEEWAY_SECONDS;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Distrust, ProviderError};

/// Signatures that only the provider can make: with the others, whoever checks could sign as well.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Longest subject in bytes (OpenID Connect Core section 2).
const SUBJECT_MAX_BYTES: usize = 255;

/// What a good ID token says.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// Whom it is about.
    pub sub: String,
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// What an ID token must say.
pub struct Expected<'a> {
    /// Who signed it.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// In which attempt.
    pub nonce: &'a str,
}

impl Claims {
    /// The claims of a token that one of `keys` signed and that says what is expected.
    pub fn of(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Self, ProviderError> {
        let distrust = |error: jsonwebtoken::errors::Error| {
            ProviderError::Untrusted(Distrust { what: "ID token", source: Some(error.into()) })
        };
        let header = decode_header(token).map_err(distrust)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(ProviderError::distrust("algorithm of the ID token"));
        }
        let jwk =
            key_of(keys, header.kid.as_deref()).ok_or(ProviderError::distrust("key of the ID token"))?;
        let key = DecodingKey::from_jwk(jwk).map_err(distrust)?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = CLOCK_LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[expected.issuer]);
        validation.set_audience(&[expected.client_id]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        let claims = decode::<Self>(token, &key, &validation).map_err(distrust)?.claims;
        claims.check(expected)?;
        Ok(claims)
    }

    fn check(&self, expected: &Expected<'_>) -> Result<(), ProviderError> {
        let for_others = self.aud.as_array().is_some_and(|audiences| audiences.len() > 1);
        let party = self.azp.as_deref();
        if party.is_some_and(|party| party != expected.client_id) || (for_others && party.is_none()) {
            return Err(ProviderError::distrust("authorised party of the ID token"));
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(ProviderError::distrust("nonce of the ID token"));
        }
        if self.sub.is_empty() || self.sub.len() > SUBJECT_MAX_BYTES {
            return Err(ProviderError::distrust("subject of the ID token"));
        }
        Ok(())
    }
}

/// The key of this identifier; without one, the only key.
fn key_of<'k>(keys: &'k JwkSet, kid: Option<&str>) -> Option<&'k Jwk> {
    match (kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}
