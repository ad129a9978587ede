//! An OpenID provider that can lie in every part of its answer. What an honest one does is tested with a real one, in
//! `tests/python`.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ED25519};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// What is sent as the ID token.
#[derive(Clone)]
pub enum Signing {
    /// Signed with the key that is in the key set.
    Good,
    /// Signed with a key that is not, under the name of the one that is.
    OtherKey,
    /// Signed with the right key under a name that is not in the key set.
    OtherName,
    /// Not signed at all.
    None,
    /// Signed with the public key as if it were a shared secret.
    PublicKeyAsSecret,
}

/// What it says when it is asked.
pub struct Script {
    pub metadata: Value,
    pub claims: Value,
    pub signing: Signing,
    /// The form and the `Authorization` of each redeemed code.
    pub redeemed: Vec<(String, String)>,
}

/// The provider.
pub struct LyingProvider {
    pub issuer: String,
    pub script: Arc<Mutex<Script>>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Clone)]
struct Parts {
    script: Arc<Mutex<Script>>,
    key: Arc<KeyPair>,
}

impl LyingProvider {
    /// A provider that does not lie yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        });
        let script = Script { metadata, claims: Value::Null, signing: Signing::Good, redeemed: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let key = Arc::new(KeyPair::generate_for(&PKCS_ED25519).expect("a key"));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata_of))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Parts { script: script.clone(), key });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { issuer, script, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Claims that are right for this attempt.
    pub fn honest_claims(&self, nonce: &str) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({"iss": self.issuer, "aud": "nearside", "sub": "1818", "nonce": nonce, "iat": now, "exp": now + 60,
               "preferred_username": "maria"})
    }
}

async fn metadata_of(State(parts): State<Parts>) -> Json<Value> {
    Json(parts.script.lock().expect("unpoisoned").metadata.clone())
}

async fn keys(State(parts): State<Parts>) -> Json<Value> {
    let x = URL_SAFE_NO_PAD.encode(parts.key.public_key_raw());
    Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "x": x}]}))
}

async fn token(State(parts): State<Parts>, headers: HeaderMap, form: String) -> Json<Value> {
    let mut script = parts.script.lock().expect("unpoisoned");
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    script.redeemed.push((form, authorization.to_owned()));
    Json(json!({"id_token": id_token(&script, &parts.key), "access_token": "x", "token_type": "Bearer"}))
}

fn id_token(script: &Script, key: &KeyPair) -> String {
    let named = |algorithm, kid: &str| Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    let of = |key: &KeyPair| EncodingKey::from_ed_pem(key.serialize_pem().as_bytes()).expect("a key");
    let (header, key) = match script.signing {
        Signing::Good => (named(Algorithm::EdDSA, "one"), of(key)),
        Signing::OtherKey => {
            (named(Algorithm::EdDSA, "one"), of(&KeyPair::generate_for(&PKCS_ED25519).expect("a key")))
        }
        Signing::OtherName => (named(Algorithm::EdDSA, "two"), of(key)),
        Signing::PublicKeyAsSecret => {
            (named(Algorithm::HS256, "one"), EncodingKey::from_secret(key.public_key_raw()))
        }
        Signing::None => {
            let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            return format!(
                "{}.{}.",
                encoded(&json!({"alg": "none", "kid": "one"})),
                encoded(&script.claims)
            );
        }
    };
    encode(&header, &script.claims, &key).expect("a token")
}
