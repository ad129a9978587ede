//! Which tokens are believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

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
    let wrong_values = [
        ("iss", vec![json!({}), json!(-1), json!("urn:nearside:other")]),
        ("sub", vec![json!({}), json!(-1), json!("../maria")]),
        ("aud", vec![json!({}), json!(-1), json!("nearside-unheard-of")]),
        ("exp", vec![json!({}), json!(-1), json!("12e999"), json!(1e300)]),
        ("nbf", vec![json!({}), json!("12e999"), json!(1e300)]),
        ("iat", vec![json!({}), json!("12e999"), json!(1e300)]),
        ("jti", vec![json!({}), json!(-1)]),
    ];
    let keys = keys("k");
    let header = Header { kid: Some("k".into()), ..Header::new(Algorithm::EdDSA) };
    let refused = |claims: &Value| {
        let token = encode(&header, claims, &keys.signer.key).expect("signed");
        verifier(&keys).verify(&token).is_err()
    };
    let whole = serde_json::to_value(claims(0)).expect("JSON");
    assert!(!refused(&whole));
    for (name, values) in wrong_values {
        let mut spoiled = whole.clone();
        for value in values {
            spoiled[name] = value;
            assert!(refused(&spoiled), "{name} = {}", spoiled[name]);
        }
        spoiled.as_object_mut().expect("claims are an object").remove(name);
        assert!(refused(&spoiled), "without {name}");
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
