//! What every handler may reach: one shared, immutable composition.

use std::ops::Deref;
use std::sync::Arc;

use api::token::Verifier;
use tokio_util::sync::CancellationToken;

use crate::access::Site;
use crate::config::TrafficLimits;
use crate::cookies::CookieJar;
use crate::identity::Identity;
use crate::labs::Labs;
use crate::providers::Provider;
use crate::proxy::LabClient;
use crate::sign_in::Throttle;

/// The shared parts. Cloning is cheap.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts themselves.
pub struct Parts {
    /// Accounts, logins, links and the signing key.
    pub identity: Identity,
    /// Checks tokens addressed to the gateway.
    pub verifier: Verifier,
    /// Running labs.
    pub labs: Arc<Labs>,
    /// The way to their agents.
    pub lab_client: LabClient,
    /// Counts failed sign-ins.
    pub throttle: Throttle,
    /// Who else may vouch for people.
    pub providers: Vec<Provider>,
    /// Which hosts and origins are ours.
    pub site: Site,
    /// Names and attributes of our cookies.
    pub cookies: CookieJar,
    /// Where the catalogue's page is.
    pub catalogue_url: Option<String>,
    /// Limits of bodies and waits.
    pub traffic: TrafficLimits,
    /// Cancelled when the gateway stops; open WebSockets and event streams end with it.
    pub closing: CancellationToken,
}

impl App {
    /// Shares the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
