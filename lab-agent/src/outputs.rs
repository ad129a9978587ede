//! Outputs come home: what a cell printed while nobody watched is written into its notebook.
//!
//! The agent follows each kernel's journal like a client and remembers the executions of notebook cells. One that is
//! done and that no page has seen is written into the file once no page is connected to the kernel: as long as there
//! is one, the notebook belongs to it, and the JupyterLab extension shows it what is missing.

mod execution;
mod file;
mod ledger;
mod notebook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::agent::Agent;
use crate::error::ApiError;
use crate::kernels::{Kernel, api};
use crate::link::ToAgent;
use crate::sessions::Sessions;
pub use execution::Summary;
use ledger::Ledger;

/// How often unseen outputs are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long the last pages of a kernel that is gone may take to leave.
const LEAVE: Duration = Duration::from_secs(2);

/// The executions of all kernels.
pub struct Outputs {
    home: PathBuf,
    sessions: Arc<Sessions>,
    ledgers: Mutex<BTreeMap<Uuid, Arc<Mutex<Ledger>>>>,
    followed: TaskTracker,
}

impl Outputs {
    /// Outputs of notebooks below `home`.
    pub fn new(home: PathBuf, sessions: Arc<Sessions>) -> Self {
        Self { home, sessions, ledgers: Mutex::default(), followed: TaskTracker::new() }
    }

    /// Follows all kernels that come.
    pub async fn follow_all(self: Arc<Self>, mut kernels: mpsc::Receiver<Arc<Kernel>>) {
        while let Some(kernel) = kernels.recv().await {
            let outputs = self.clone();
            self.followed.spawn(async move {
                outputs.follow(&kernel).await;
                kernel.left().await;
                kernel.forget();
            });
        }
    }

    /// Waits until the outputs of all kernels are home. To be called when there are no kernels any more.
    pub async fn are_home(&self) {
        self.followed.close();
        self.followed.wait().await;
    }

    /// Follows a kernel until it is gone and all its outputs are home.
    async fn follow(&self, kernel: &Kernel) {
        let ledger = Arc::new(Mutex::new(Ledger::read(&kernel.ledger_file())));
        self.locked().insert(kernel.id, ledger.clone());
        let settled = locked(&ledger).settled();
        match kernel.follow(settled).await {
            Ok((mut records, _open)) => {
                loop {
                    let open = locked(&ledger).has_unsettled();
                    tokio::select! {
                        record = records.next() => match record {
                            Some(ToAgent::Record(record)) => locked(&ledger).apply(&record),
                            Some(ToAgent::News(_)) | None => break,
                        },
                        () = sleep(LOOK), if open => self.settle(kernel, &ledger).await,
                    }
                }
                locked(&ledger).finish();
                self.settle_for_good(kernel, &ledger).await;
            }
            Err(error) => {
                tracing::warn!(kernel.id = %kernel.id, "cannot follow kernel {}: {error}", kernel.id);
            }
        }
        self.locked().remove(&kernel.id);
    }

    async fn settle_for_good(&self, kernel: &Kernel, ledger: &Mutex<Ledger>) {
        let nobody = async {
            while kernel.clients.count() > 0 {
                sleep(LOOK / 10).await;
            }
        };
        let _ = timeout(LEAVE, nobody).await;
        self.settle(kernel, ledger).await;
    }

    /// Forgets what was seen, and writes what nobody can see any more.
    async fn settle(&self, kernel: &Kernel, ledger: &Mutex<Ledger>) {
        let clients = &kernel.clients;
        let seen = |summary: &Summary| clients.have(&summary.session, summary.sequence, summary.last);
        locked(ledger).settle_if(seen);
        if clients.count() == 0 {
            let notebook = self.sessions.notebook_of(kernel.id).map(|path| self.home.join(path));
            let unseen = locked(ledger).take_done();
            if let (Some(notebook), false) = (notebook, unseen.is_empty()) {
                let brought = tokio::task::spawn_blocking(move || file::bring_home(&notebook, &unseen));
                if let Ok(Err(error)) = brought.await {
                    tracing::warn!(kernel.id = %kernel.id, "outputs of kernel {} stay in its journal: {error}", kernel.id);
                }
            }
        }
        if let Err(error) = locked(ledger).write(&kernel.ledger_file()) {
            tracing::warn!(kernel.id = %kernel.id, "an agent after this one may bring outputs home twice: {error}");
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<Uuid, Arc<Mutex<Ledger>>>> {
        self.ledgers.lock().expect("no thread panics while it holds the ledgers")
    }
}

fn locked(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("no thread panics while it holds a ledger")
}

/// `GET /api/nearside/kernels/{id}/executions`: those that a page may have missed, oldest first.
pub async fn executions(
    State(agent): State<Agent>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Summary>>, ApiError> {
    let kernel = api::named(&agent, &id)?;
    let ledger = agent.outputs.locked().get(&kernel.id).cloned();
    Ok(Json(ledger.map(|ledger| locked(&ledger).summaries()).unwrap_or_default()))
}
