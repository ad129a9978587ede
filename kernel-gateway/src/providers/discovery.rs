//! What an OpenID provider says of itself (OpenID Connect Discovery 1.0 section 3).
//!
//! It is asked anew at each sign-in: sign-ins are rare, and keys change when they have to.

use jsonwebtoken::jwk::JwkSet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::ask::Ask;
use super::{ProviderError, is_private};

/// The metadata that sign-in needs.
#[derive(Deserialize)]
pub struct Metadata {
    issuer: String,
    /// Where browsers go.
    #[serde(deserialize_with = "address")]
    pub authorization_endpoint: Url,
    /// Where a code becomes tokens.
    #[serde(deserialize_with = "address")]
    pub token_endpoint: Url,
    /// Where names are told.
    #[serde(default, deserialize_with = "some_address")]
    pub userinfo_endpoint: Option<Url>,
    #[serde(deserialize_with = "address")]
    jwks_uri: Url,
    /// How clients show who they are at the token endpoint.
    #[serde(default = "basic")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether every answer names its issuer (RFC 9207 section 3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(D::Error::custom)
}

fn some_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    address(deserializer).map(Some)
}

/// The default of the standard.
fn basic() -> Vec<String> {
    vec!["client_secret_basic".to_owned()]
}

impl Metadata {
    /// The metadata of `issuer`, which must say of itself that it is that one.
    pub async fn of(issuer: &str, ask: &Ask) -> Result<Self, ProviderError> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(ProviderError::away)?;
        let metadata: Self = Ask::json(ask.get(address)).await?;
        if metadata.issuer != issuer {
            return Err(ProviderError::distrust("issuer in the provider's metadata"));
        }
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        if !endpoints.into_iter().chain(&metadata.userinfo_endpoint).all(is_private) {
            return Err(ProviderError::distrust("scheme of the provider's endpoints"));
        }
        Ok(metadata)
    }

    /// Its public keys.
    pub async fn keys(&self, ask: &Ask) -> Result<JwkSet, ProviderError> {
        Ask::json(ask.get(self.jwks_uri.clone())).await
    }
}
