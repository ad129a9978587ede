//! Staying with an agent's process from its start until nothing of its lab runs any more.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Held, Overseer, Shared};
use crate::spawner::marked::Marks;
use crate::spawner::state_file::Record;
use crate::spawner::{Ended, LabOrder, RunningLab, SpawnError};

/// How long processes that outlived their agent may take to end.
const LEFTOVER_GRACE: Duration = Duration::from_millis(300);
/// Between two looks for the ready file.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Shared {
    /// Hands the process to a task that stays with it until nothing of the lab runs any more.
    pub fn hold(self: Arc<Self>, record: Record, overseer: Overseer) -> oneshot::Receiver<Ended> {
        let user = record.user.clone();
        let held = Held { record, stop: CancellationToken::new(), gone: CancellationToken::new() };
        self.lock().insert(user, held.clone());
        self.write_state();
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            let ended = self.keep(&held, overseer).await;
            // The one who started the lab may have gone; then nobody asks how it ended.
            let _ = sender.send(ended);
            held.gone.cancel();
        });
        receiver
    }

    async fn keep(&self, held: &Held, mut overseer: Overseer) -> Ended {
        let user = &held.record.user;
        let ended_alone = tokio::select! {
            how = overseer.end() => Some(how),
            () = held.stop.cancelled() => None,
        };
        if ended_alone.is_none() {
            overseer.stop(self.limits.stop_within).await;
        }
        Marks::new([(Marks::LAB, &self.installation), (Marks::USER, user.as_str())])
            .end(LEFTOVER_GRACE)
            .await;
        let dir = self.run_dir.lab(user);
        dir.clean();
        self.lock().remove(user);
        self.write_state();
        match ended_alone {
            None => Ended::Asked,
            Some(how) => {
                Ended::Unasked { reason: format!("the lab ended by itself ({how})"), log: dir.log() }
            }
        }
    }

    /// Waits for the agent's ready file, its end, or the end of our patience.
    pub async fn wait_until_ready(
        &self,
        order: &LabOrder,
        mut ended: oneshot::Receiver<Ended>,
    ) -> Result<RunningLab, SpawnError> {
        let LabOrder { user, agent_secret, .. } = order;
        let dir = self.run_dir.lab(user);
        let deadline = Instant::now() + self.limits.start_within;
        loop {
            if let Some(ready) = dir.read_ready() {
                let ended = ended.map(|ended| ended.unwrap_or(Ended::Asked)).boxed();
                return Ok(RunningLab { addr: ready.addr, agent_secret: agent_secret.clone(), ended });
            }
            tokio::select! {
                ended = &mut ended => return Err(ended_early(ended.unwrap_or(Ended::Asked))),
                () = sleep(LOOK_EVERY) => {}
            }
            if Instant::now() >= deadline {
                self.lock().get(user).inspect(|held| held.stop.cancel());
                let _ = ended.await;
                return Err(SpawnError::TooSlow { within: self.limits.start_within, log: dir.log() });
            }
        }
    }
}

fn ended_early(ended: Ended) -> SpawnError {
    match ended {
        Ended::Asked => SpawnError::Stopped,
        Ended::Unasked { reason, log } => SpawnError::Ended { reason, log },
    }
}
