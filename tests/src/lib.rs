//! A platform without labs, for tests of what only the parts together can show.

use std::sync::Arc;

use anyhow::Result;
use catalogue::engine::{Catalogue, Limits};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use kernel_gateway::identity::Identity;
use tempfile::TempDir;

/// A Flight server over a small sample sky that trusts the tokens of one identity store.
pub struct Platform {
    /// Signs tokens as the gateway does.
    pub identity: Identity,
    /// The real server.
    pub flight: flight_server::ServerHandle,
    /// Sources in the sky.
    pub sources: u64,
    _dir: TempDir,
}

impl Platform {
    /// Starts on a port of the system's choice.
    pub async fn start() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let sky = dir.path().join("sky");
        let options = SampleOptions { sources: 30_000, variables: 20, ..SampleOptions::default() };
        let sources = write_sample(&sky, &options, &Silent)?.sources;
        let identity = Identity::open(dir.path()).await?;
        let catalogue = Arc::new(Catalogue::open(&sky, Limits::default())?);
        let config = flight_server::Config::new(identity.issuer(), identity.key_set());
        let flight = flight_server::start(config, catalogue, None).await?;
        Ok(Self { identity, flight, sources, _dir: dir })
    }
}
