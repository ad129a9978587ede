//! Identity providers that vouch for people: OpenID Connect and CAS 3.
//!
//! A provider sends the browser back with an answer; what is checked of it, and nothing else, makes a
//! [`Person`]. Which account that is, the identity store knows; that the answer belongs to this browser, the sign-in.

mod ask;
mod attempt;
mod cas;
mod claims;
mod discovery;
mod oidc;

use std::fmt;

use serde::Deserialize;
use thiserror::Error;
use url::Url;

use crate::config::{ProviderConfig, ProviderProtocol};
use crate::identity::Person;

pub use attempt::Attempt;

use ask::Ask;

/// Why a provider did not make a person known.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It cannot be reached, or talks nonsense.
    #[error("the provider did not answer as one")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It says no, in its own words.
    #[error("{0}")]
    Refused(String),
    /// A check failed.
    #[error("an answer cannot be trusted")]
    Untrusted(#[source] Distrust),
}

/// The check that an answer did not pass.
#[derive(Debug, Error)]
#[error("the {what} is not right")]
pub struct Distrust {
    what: &'static str,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ProviderError {
    fn away(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Away(error.into())
    }

    fn distrust(what: &'static str) -> Self {
        Self::Untrusted(Distrust { what, source: None })
    }
}

/// What the browser brings back from a provider, in the query of the address.
#[derive(Deserialize)]
pub struct Answer {
    /// Says to which attempt it belongs.
    pub state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    ticket: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// One provider.
pub struct Provider {
    /// Its name in addresses.
    pub name: String,
    /// What people call it.
    pub title: String,
    protocol: Protocol,
}

enum Protocol {
    Oidc(oidc::Oidc),
    Cas(cas::Cas),
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
#[error("the identity provider {name:?} cannot be used: {problem}")]
pub struct BadProvider {
    name: String,
    problem: String,
}

impl Provider {
    /// The provider of a configuration. Nothing is asked of it yet, so that it may be away.
    pub fn open(config: &ProviderConfig) -> Result<Self, BadProvider> {
        let bad = |problem: String| BadProvider { name: config.name.clone(), problem };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if config.name.is_empty() || config.name.len() > 32 || !config.name.bytes().all(plain) {
            return Err(bad("a name has 1 to 32 lower-case letters, digits and '-'".to_owned()));
        }
        let ask = Ask::new(config.ca_file.as_deref()).map_err(|error| bad(format!("{error:#}")))?;
        let protocol = match &config.protocol {
            ProviderProtocol::Oidc(oidc) => oidc::Oidc::new(oidc, ask).map(Protocol::Oidc),
            ProviderProtocol::Cas(cas) => cas::Cas::new(cas, ask).map(Protocol::Cas),
        };
        let protocol = protocol.map_err(bad)?;
        Ok(Self { name: config.name.clone(), title: config.title.clone(), protocol })
    }

    /// Where the browser goes for this attempt. The provider sends it back to `back`.
    pub async fn address(&self, attempt: &Attempt, back: Url) -> Result<Url, ProviderError> {
        match &self.protocol {
            Protocol::Oidc(oidc) => oidc.address(attempt, &back).await,
            Protocol::Cas(cas) => Ok(cas.address(attempt, back)),
        }
    }

    /// Who came back with this answer to the attempt.
    pub async fn person(
        &self,
        attempt: &Attempt,
        back: Url,
        answer: Answer,
    ) -> Result<Person, ProviderError> {
        match &self.protocol {
            Protocol::Oidc(oidc) => oidc.person(attempt, &back, answer).await,
            Protocol::Cas(cas) => cas.person(attempt, back, answer).await,
        }
    }
}

/// A few words of a stranger, for a page of ours.
fn in_few_words(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// Whether messages to this address stay secret: they are encrypted, or do not leave the machine.
fn is_private(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("name", &self.name).finish_non_exhaustive()
    }
}
