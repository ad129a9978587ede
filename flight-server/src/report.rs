//! What the logs say of one request: a line in the server's log, and one in the audit log where one is kept.
//!
//! The SQL is in neither.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use audit::{Entry, Outcome, Verb};
use catalogue::engine::User;
use tonic::{Code, Status};
use uuid::Uuid;

/// Begins reports.
#[derive(Clone, Default)]
pub(crate) struct Reports {
    /// The audit log.
    pub(crate) audit: Option<Arc<audit::Log>>,
}

impl Reports {
    /// A request of `user` begins.
    pub(crate) fn begin(&self, user: &User, verb: Verb) -> Report {
        Report {
            request: Uuid::new_v4(),
            user: user.clone(),
            verb,
            tables: Vec::new(),
            permitted: false,
            started: Instant::now(),
            rows: Arc::default(),
            bytes: 0,
            audit: self.audit.clone(),
            done: false,
        }
    }
}

/// One request, from when it comes to how it ends. One that is dropped before that was cancelled.
pub(crate) struct Report {
    request: Uuid,
    user: User,
    verb: Verb,
    /// The tables that are read or changed, as far as they are known.
    pub(crate) tables: Vec<String>,
    /// Whether it has begun; what ends before that was refused.
    pub(crate) permitted: bool,
    started: Instant,
    /// Rows that were sent or stored so far.
    pub(crate) rows: Arc<AtomicU64>,
    /// Bytes that were sent so far.
    pub(crate) bytes: u64,
    audit: Option<Arc<audit::Log>>,
    done: bool,
}

impl Report {
    /// The request is over. Later calls say nothing.
    pub(crate) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let (request, user, verb, bytes) = (self.request, self.user.name.as_str(), self.verb, self.bytes);
        let rows = self.rows.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().as_secs_f64();
        tracing::info!(
            %request,
            user,
            ?verb,
            rows,
            bytes,
            seconds,
            outcome = ?code,
            "{verb:?} of {user}: {code:?}, {rows} rows in {seconds:.3} s"
        );
        if let Some(audit) = &self.audit {
            let outcome = match code {
                Code::Ok => Outcome::Done,
                code if self.permitted => Outcome::Ended(format!("{code:?}")),
                code => Outcome::Refused(format!("{code:?}")),
            };
            let (user, tables) = (user.to_owned(), std::mem::take(&mut self.tables));
            audit.add(Entry { request, user, verb, tables, outcome, rows, bytes });
        }
    }

    /// The request is over, and has stored so many rows or failed.
    pub(crate) fn stored(&mut self, stored: &Result<i64, Status>) {
        match stored {
            Ok(rows) => {
                self.rows.store(u64::try_from(*rows).unwrap_or(0), Ordering::Relaxed);
                self.end(Code::Ok);
            }
            Err(error) => self.end(error.code()),
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}
