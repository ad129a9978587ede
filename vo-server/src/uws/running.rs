//! The jobs that run here, how to stop one, and the news that a job has changed its phase.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The jobs of this process. A job of another server is in the database alone.
pub(crate) struct Running {
    stops: Mutex<HashMap<String, CancellationToken>>,
    changes: watch::Sender<u64>,
}

impl Default for Running {
    fn default() -> Self {
        Self { stops: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Running {
    /// News of changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// The jobs that are queued or run here.
    pub(super) fn ids(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    pub(super) fn enter(&self, id: &str) -> CancellationToken {
        let stop = CancellationToken::new();
        self.lock().insert(id.to_owned(), stop.clone());
        stop
    }

    pub(super) fn leave(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn stop(&self, id: &str) {
        if let Some(stop) = self.lock().get(id) {
            stop.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
