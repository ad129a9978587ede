//! Labs that outlived the gateway before us: recognised beyond doubt, or left to be ended.

use std::time::Duration;

use api::lab::LabConfig;
use futures::future::join_all;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Overseer, Shared};
use crate::spawner::LabOrder;
use crate::spawner::state_file::Record;

/// How long an overseer may take to accept a connection.
const ACCEPT_WITHIN: Duration = Duration::from_secs(1);

/// A lab that runs, and that we hold.
pub struct Survivor {
    /// Its process.
    pub record: Record,
    /// What it was started with.
    pub order: LabOrder,
    /// The hold on it.
    pub overseer: Overseer,
}

impl Shared {
    /// Takes those of the recorded labs over that are still what the records say.
    pub async fn survivors(&self, records: Vec<Record>) -> Vec<Survivor> {
        let found = join_all(records.into_iter().map(async |record| {
            let user = record.user.clone();
            let survivor = self.survivor(record).await;
            match &survivor {
                Some(_) => tracing::info!(lab.user = %user, "the lab of {user} goes on"),
                None => tracing::warn!(lab.user = %user, "the lab of {user} did not outlive the gateway"),
            }
            survivor
        }));
        found.await.into_iter().flatten().collect()
    }

    async fn survivor(&self, record: Record) -> Option<Survivor> {
        let config =
            self.run_dir.lab(&record.user).read_config().filter(|config| config.user == record.user)?;
        let leash = timeout(ACCEPT_WITHIN, UnixStream::connect(config.leash())).await.ok()?.ok()?;
        // The one who listens is the process that was started then, and nobody who got its number since.
        let is_it = leash.peer_cred().is_ok_and(|peer| peer.pid() == Some(record.pid)) && record.is_alive();
        let overseer = Overseer::Inherited { record: record.clone(), leash };
        is_it.then(|| Survivor { record, order: order(config), overseer })
    }
}

fn order(config: LabConfig) -> LabOrder {
    let LabConfig {
        user,
        base_url,
        agent_secret,
        lab_secret,
        token_url,
        flight_url,
        ca_file,
        kernel_idle_seconds,
        home: _,
        run_dir: _,
        python: _,
        listen: _,
        ready_file: _,
        gateway_absence_seconds: _,
    } = config;
    LabOrder { user, base_url, agent_secret, lab_secret, token_url, flight_url, ca_file, kernel_idle_seconds }
}
