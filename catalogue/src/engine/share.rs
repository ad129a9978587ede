//! What one user's queries have together, and what all users' queries have: threads, turns, memory, bytes read.
//!
//! Each user has threads of their own. The operating system shares the cores between threads many times a
//! second, so that a user's endless join slows another user's cone a little and never stops it, whatever the
//! join does between two rows.

mod memory;
mod scanned;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use api::names::Username;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Crowd, QueryError};
use super::limits::Limits;
use super::stop::Stop;
use super::workers::Workers;
use memory::Account;
pub(crate) use memory::{QueryMemory, exhausted_account};
pub(crate) use scanned::Meter;
use scanned::Window;

/// The shares of all users.
pub(crate) struct Shares {
    limits: Limits,
    turns: Arc<Semaphore>,
    memory: Arc<Account>,
    known: Mutex<Known>,
}

/// Users with queries, or who had some lately.
#[derive(Default)]
struct Known {
    shares: HashMap<Username, Arc<Share>>,
    windows: HashMap<Username, Arc<Window>>,
}

/// What one user's queries have together.
pub(crate) struct Share {
    /// Threads that plan and run them.
    pub(crate) workers: Workers,
    turns: Arc<Semaphore>,
    all_turns: Arc<Semaphore>,
    memory: Arc<Account>,
    all_memory: Arc<Account>,
    scanned: Arc<Window>,
    limits: Limits,
}

/// A query that may run. Dropping it lets the next one start.
pub(crate) struct Turn {
    _of_user: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Shares {
    /// Shares as `limits` say.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            turns: Arc::new(Semaphore::new(limits.queries)),
            memory: Arc::new(Account::new(memory::SERVER, limits.memory_bytes)),
            known: Mutex::default(),
        }
    }

    /// The share of a user. Fails when the system gives no more threads.
    pub(crate) fn of(&self, user: &Username) -> Result<Arc<Share>, QueryError> {
        let mut known = self.known();
        if let Some(share) = known.shares.get(user) {
            return Ok(Arc::clone(share));
        }
        known.forget(self.limits.idle_users);
        let window = known.windows.entry(user.clone()).or_insert_with(|| Arc::new(Window::of(&self.limits)));
        let share = Arc::new(self.share(Arc::clone(window))?);
        known.shares.insert(user.clone(), Arc::clone(&share));
        Ok(share)
    }

    fn share(&self, scanned: Arc<Window>) -> Result<Share, QueryError> {
        let workers = Workers::new(self.limits.query_threads).map_err(|error| {
            tracing::error!(%error, "the system gives no threads for another user's queries");
            QueryError::Busy { crowd: Crowd::Server, queries: self.limits.queries }
        })?;
        Ok(Share {
            workers,
            turns: Arc::new(Semaphore::new(self.limits.user_queries)),
            all_turns: Arc::clone(&self.turns),
            memory: Arc::new(Account::new(memory::USER, self.limits.user_memory_bytes)),
            all_memory: Arc::clone(&self.memory),
            scanned,
            limits: self.limits.clone(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no thread panics while it holds this lock")
    }
}

impl Known {
    /// Lets idle users go when there are more than `most`: their threads end. What they read lately stays known.
    fn forget(&mut self, most: usize) {
        if self.shares.len() >= most {
            self.shares.retain(|_, share| Arc::strong_count(share) > 1);
        }
        self.windows.retain(|user, window| self.shares.contains_key(user) || !window.is_over());
    }
}

impl Share {
    /// Waits until this user, and the server, may run one more query; not longer than the queue's limit.
    pub(crate) async fn turn(&self) -> Result<Turn, QueryError> {
        let Limits { queries, user_queries, queue_seconds, .. } = self.limits;
        let until = tokio::time::Instant::now() + Duration::from_secs(queue_seconds);
        // The user's own turn comes first: a user's waiting queries do not fill the queue that all share.
        let of_user = tokio::time::timeout_at(until, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(of_user)) = of_user else {
            return Err(QueryError::Busy { crowd: Crowd::User, queries: user_queries });
        };
        let of_all = tokio::time::timeout_at(until, Arc::clone(&self.all_turns).acquire_owned()).await;
        let Ok(Ok(of_all)) = of_all else {
            return Err(QueryError::Busy { crowd: Crowd::Server, queries });
        };
        Ok(Turn { _of_user: of_user, _of_all: of_all })
    }

    /// Memory for one query, taken from the user's and from the server's, until `stop`.
    pub(crate) fn memory(&self, stop: &Stop) -> QueryMemory {
        let accounts = [Arc::clone(&self.memory), Arc::clone(&self.all_memory)];
        QueryMemory::new(self.limits.query_memory_bytes, accounts, stop.clone())
    }

    /// Counts what one query reads, for itself and for the user.
    pub(crate) fn meter(&self) -> Meter {
        Meter::new(self.limits.query_scan_bytes, Arc::clone(&self.scanned))
    }
}
