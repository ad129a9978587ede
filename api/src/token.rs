//! Signed tokens: who somebody is, to whom the statement is addressed, and for how long it holds.
//!
//! One algorithm (EdDSA over Ed25519, RFC 8037), one fixed map of keys, every claim required and typed.
//! What a token *permits* is not decided here.

mod key_set;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::CLOCK_LEEWAY_SECONDS;
use crate::names::Username;

pub use key_set::{KeySet, PublicKey};

/// A service that accepts tokens. A token for one is refused by the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Audience {
    /// The gateway's APIs, and the lab behind them.
    #[serde(rename = "nearside-gateway")]
    Gateway,
    /// The Arrow Flight server.
    #[serde(rename = "nearside-flight")]
    Flight,
    /// The VO services.
    #[serde(rename = "nearside-vo")]
    Vo,
}

impl Audience {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "nearside-gateway",
            Self::Flight => "nearside-flight",
            Self::Vo => "nearside-vo",
        }
    }
}

/// The claims of RFC 7519 section 4.1, all seven required. Times are seconds since 1970 UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed: the gateway's issuer name.
    pub iss: String,
    /// Whom it is about.
    pub sub: Username,
    /// Who may accept it.
    pub aud: Vec<Audience>,
    /// Not good from this second on.
    pub exp: i64,
    /// Not good before this second.
    pub nbf: i64,
    /// When it was signed.
    pub iat: i64,
    /// A random name of this one token, for the audit log.
    pub jti: String,
}

/// Why a token is refused. Says what to do, and never repeats the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not a signed token of ours at all: wrong shape, algorithm or claims.
    #[error("this is not a Nearside token: copy it whole, or get a new one from your Nearside page")]
    Malformed,
    /// Signed with a key that is not in the key set, or the signature is wrong.
    #[error("this token was not signed by this Nearside: sign in here and get a new one")]
    Foreign,
    /// Its time is over.
    #[error("this token has expired: sign in again and get a new one")]
    Expired,
    /// Its time has not come; most often a clock is wrong.
    #[error("this token is not valid yet: check the clocks of both machines")]
    NotYetValid,
    /// Made for another service.
    #[error("this token is for another service: get one for this service")]
    WrongAudience,
}

/// Signs claims with the gateway's private key.
pub struct Signer {
    kid: String,
    key: EncodingKey,
}

impl Signer {
    /// A signer from a PKCS#8 PEM of an Ed25519 private key. Fails when the text is none.
    pub fn from_pem(kid: &str, pem: &str) -> Result<Self, jsonwebtoken::errors::Error> {
        Ok(Self { kid: kid.to_owned(), key: EncodingKey::from_ed_pem(pem.as_bytes())? })
    }

    /// The compact form (RFC 7515 section 7.1) of the signed claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &self.key)
    }
}

/// Checks tokens for one audience against a fixed key set.
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl Verifier {
    /// A verifier that accepts tokens of `issuer` for `audience`. Fails when a key of the set cannot be read.
    pub fn new(issuer: &str, audience: Audience, keys: &KeySet) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = CLOCK_LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience.as_str()]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "nbf"]);
        let keys = keys
            .keys
            .iter()
            .map(|key| Ok((key.kid.clone(), DecodingKey::from_ed_components(&key.x)?)))
            .collect::<Result<_, jsonwebtoken::errors::Error>>()?;
        Ok(Self { keys, validation })
    }

    /// The claims of a good token.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Malformed);
        }
        let kid = header.kid.ok_or(TokenError::Malformed)?;
        let key = self.keys.get(&kid).ok_or(TokenError::Foreign)?;
        match decode::<Claims>(token, key, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) => Err(refusal(error.kind())),
        }
    }
}

fn refusal(kind: &jsonwebtoken::errors::ErrorKind) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidAudience => TokenError::WrongAudience,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidSignature => TokenError::Foreign,
        _ => TokenError::Malformed,
    }
}
