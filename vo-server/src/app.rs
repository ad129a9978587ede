//! What every request can reach.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use api::token::Verifier;
use audit::Reports;
use catalogue::engine::Catalogue;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use user_space::UserSpace;
use user_space::home::Homes;

use crate::config::Config;
use crate::data::Lengths;
use crate::identity::{Passwords, Throttle};
use crate::state::State;
use crate::usage::{Ledger, Metrics};
use crate::uws::{Pace, Running};
use crate::vospace::{Authority, Space};

/// The parts of a running server. Clones share them.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// What a server is made of.
pub(crate) struct Parts {
    pub config: Config,
    pub addr: SocketAddr,
    pub catalogue: Arc<Catalogue>,
    pub verifier: Verifier,
    pub passwords: Option<Arc<dyn Passwords>>,
    pub state: State,
    /// What the audit log is told.
    pub reports: Reports,
    /// Users' own tables.
    pub space: Option<UserSpace>,
}

/// Its parts, and what becomes of them while it runs.
pub(crate) struct Shared {
    parts: Parts,
    /// Failed logins of the last minutes.
    pub throttle: Throttle,
    /// Where notebooks are, once that is known.
    pub labs_url: OnceLock<String>,
    /// Who used the services, in the database.
    pub ledger: Ledger,
    /// The same since the start, as counters.
    pub metrics: Metrics,
    /// When the server started.
    pub started: jiff::Timestamp,
    /// Cancelled when the server stops.
    pub closing: CancellationToken,
    /// One permit for each job that may run.
    pub turns: Arc<Semaphore>,
    /// How fast jobs have been reading lately.
    pub pace: Pace,
    /// How long downloads are, as far as that is known.
    pub lengths: Lengths,
    /// People's homes as nodes, where this server has them.
    pub vospace: Option<Space>,
    /// The same for transfers, which do not wait for queries.
    pub transfer_turns: Arc<Semaphore>,
    /// The jobs that run here.
    pub running: Running,
}

impl App {
    /// An application of these parts.
    pub(crate) fn new(parts: Parts) -> Self {
        let turns = Arc::new(Semaphore::new(parts.config.jobs.running));
        let homes = parts.config.homes.as_ref().map(|dir| Homes::new(dir, parts.config.vospace.home));
        let authority = || Authority(parts.config.authority.clone());
        let key = parts.state.endpoint_key();
        let vospace = homes.map(|homes| Space::new(homes, authority(), parts.config.vospace, key));
        let transfer_turns = Arc::new(Semaphore::new(parts.config.vospace.transfers));
        let ledger = Ledger::start(&parts.state, parts.config.usage);
        Self(Arc::new(Shared {
            parts,
            ledger,
            metrics: Metrics::default(),
            throttle: Throttle::default(),
            labs_url: OnceLock::new(),
            started: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default(),
            closing: CancellationToken::new(),
            turns,
            pace: Pace::default(),
            lengths: Lengths::default(),
            vospace,
            transfer_turns,
            running: Running::default(),
        }))
    }

    /// Where the server is, for documents that are not the answer to one request. Without a trailing slash.
    pub(crate) fn base_url(&self) -> String {
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
