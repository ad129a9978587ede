//! Identity providers that may vouch for people.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// One provider, as in the JSON file of `--providers`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Its name in addresses: lower-case letters, digits and `-`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Certificate authorities to trust instead of the system's, PEM.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// What it speaks.
    pub protocol: ProviderProtocol,
}

/// What a provider speaks.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderProtocol {
    /// OpenID Connect.
    Oidc(OidcConfig),
    /// CAS 3.
    Cas(CasConfig),
}

/// An OpenID provider, at which `{our address}/login/with/{name}/callback` is registered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Its issuer, exactly as in its metadata.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// A file with the secret that we share; a public client has none.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What we ask for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The claim that has the name that people want to have here.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
}

/// A CAS server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasConfig {
    /// The address below which `/login` and `/p3/serviceValidate` are.
    pub url: String,
}

fn default_scopes() -> Vec<String> {
    vec!["openid".to_owned(), "profile".to_owned()]
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

impl ProviderConfig {
    /// The providers of a JSON file: a list.
    pub fn read(file: &Path) -> Result<Vec<Self>> {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no list of providers", file.display()))
    }
}
