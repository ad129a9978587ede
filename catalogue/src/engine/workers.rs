//! The threads on which a user's queries are planned and run, apart from those that serve connections: a query that
//! keeps a thread busy delays other queries, but no answer to anything else.

use std::any::Any;
use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

use super::error::QueryError;

/// Threads of a pool that wait for the disk.
const READERS: usize = 16;

/// A pool of threads.
pub(crate) struct Workers(Option<Runtime>);

impl Workers {
    /// A pool of `threads`. Fails when the system gives no more threads.
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(READERS)
            .thread_name("query")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `work` on the pool.
    pub(crate) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.as_ref().expect("the pool ends with its owner").spawn(work)
    }
}

impl Drop for Workers {
    /// A runtime must not wait for its threads inside another runtime, where its owner may well be dropped.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A panic ends one query, not the server.
pub(crate) fn died(error: JoinError) -> QueryError {
    panicked(error.try_into_panic().unwrap_or_else(|_| Box::new("cancelled")))
}

/// What a panic of a query says is for the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> QueryError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown");
    tracing::error!(panic = text, "a query panicked");
    QueryError::Internal
}
