//! Signed tokens: who somebody is, to whom the statement is addressed, and for how long it holds.
//!
//! One algorithm (EdDSA over Ed25519, RFC 8037), one fixed map of keys, every claim required and typed.
//! What a token *permits* is not decided here.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::CLOCK_LEEWAY_SECONDS;
use crate::names::Username;

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

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "urn:nearside:test";

    struct Keys {
        signer: Signer,
        published: KeySet,
    }

    fn keys(kid: &str) -> Keys {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key pair");
        Keys {
            signer: Signer::from_pem(kid, &pair.serialize_pem()).expect("a PKCS#8 key"),
            published: KeySet { keys: vec![PublicKey::ed25519(kid, pair.public_key_raw())] },
        }
    }

    fn claims(offset_seconds: i64) -> Claims {
        let now = jiff::Timestamp::now().as_second() + offset_seconds;
        Claims {
            iss: ISSUER.into(),
            sub: "maria".parse().expect("a user name"),
            aud: vec![Audience::Flight],
            exp: now + 60,
            nbf: now,
            iat: now,
            jti: "one".into(),
        }
    }

    fn verdict(keys: &Keys, claims: &Claims) -> Result<Claims, TokenError> {
        let token = keys.signer.sign(claims).expect("signed");
        verifier(keys).verify(&token)
    }

    fn verifier(keys: &Keys) -> Verifier {
        Verifier::new(ISSUER, Audience::Flight, &keys.published).expect("a key set")
    }

    #[test]
    fn a_good_token_gives_its_claims_back() {
        let keys = keys("k");
        assert_eq!(verdict(&keys, &claims(0)), Ok(claims(0)));
    }

    #[test]
    fn time_is_forgiven_by_five_seconds_and_no_more() {
        let keys = keys("k");
        assert_eq!(verdict(&keys, &claims(-64)), Ok(claims(-64)));
        assert_eq!(verdict(&keys, &claims(-67)), Err(TokenError::Expired));
        assert_eq!(verdict(&keys, &claims(10)), Err(TokenError::NotYetValid));
    }

    #[test]
    fn another_audience_or_issuer_is_refused() {
        let keys = keys("k");
        let gateway = Claims { aud: vec![Audience::Gateway], ..claims(0) };
        assert_eq!(verdict(&keys, &gateway), Err(TokenError::WrongAudience));
        let foreign = Claims { iss: "urn:nearside:other".into(), ..claims(0) };
        assert_eq!(verdict(&keys, &foreign), Err(TokenError::Foreign));
    }

    #[test]
    fn another_key_is_refused_under_its_own_name_and_under_ours() {
        let ours = keys("k");
        for kid in ["k", "other"] {
            let token = keys(kid).signer.sign(&claims(0)).expect("signed");
            assert_eq!(verifier(&ours).verify(&token), Err(TokenError::Foreign), "{kid}");
        }
    }

    #[test]
    fn other_algorithms_are_refused_whatever_the_signature() {
        let keys = keys("k");
        let public = keys.published.keys[0].x.clone();
        for alg in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let header = Header { kid: Some("k".into()), ..Header::new(alg) };
            let key = EncodingKey::from_secret(public.as_bytes());
            let token = encode(&header, &claims(0), &key).expect("signed");
            assert_eq!(verifier(&keys).verify(&token), Err(TokenError::Malformed), "{alg:?}");
        }
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims(0)).expect("JSON"));
        for header in [r#"{"alg":"none","kid":"k"}"#, r#"{"alg":"NONE"}"#, r"{}"] {
            let token = format!("{}.{body}.", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(verifier(&keys).verify(&token), Err(TokenError::Malformed), "{header}");
        }
    }

    #[test]
    fn every_claim_must_be_there_and_of_its_type() {
        let keys = keys("k");
        let whole = serde_json::to_value(claims(0)).expect("JSON");
        let header = Header { kid: Some("k".into()), ..Header::new(Algorithm::EdDSA) };
        for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
            for spoiled in
                [None, Some(serde_json::json!({})), Some(serde_json::json!("12e999")), Some((-1).into())]
            {
                if matches!(name, "jti" | "iat")
                    && spoiled.as_ref().is_some_and(|v| v.is_string() || v.is_i64())
                {
                    continue; // A text is a good jti, and any whole number a good iat.
                }
                let mut claims = whole.clone();
                let map = claims.as_object_mut().expect("claims are an object");
                map.remove(name);
                if let Some(value) = spoiled.clone() {
                    map.insert(name.to_owned(), value);
                }
                if name == "nbf" && spoiled == Some((-1).into()) {
                    continue; // Valid since before 1970 is valid now.
                }
                let token = encode(&header, &claims, &keys.signer.key).expect("signed");
                assert!(verifier(&keys).verify(&token).is_err(), "{name} as {spoiled:?}");
            }
        }
    }

    #[test]
    fn any_flipped_character_spoils_a_token() {
        let keys = keys("k");
        let token = keys.signer.sign(&claims(0)).expect("signed");
        let last = token.len() - 1; // Its low bits are padding, which base64url readers may forgive.
        for at in 0..last {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let flipped = String::from_utf8(bytes).expect("ASCII");
            assert!(verifier(&keys).verify(&flipped).is_err(), "character {at}");
        }
    }
}
