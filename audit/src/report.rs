//! One request, from when it comes to how it ends: a line in the server's log, and one in the audit log where one is
//! kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use uuid::Uuid;

use crate::{Entry, Log, Outcome, Verb};

/// Begins reports.
#[derive(Clone, Default)]
pub struct Reports {
    log: Option<Arc<Log>>,
}

impl Reports {
    /// Reports that go into this log, too.
    pub fn to(log: Option<Log>) -> Self {
        Self { log: log.map(Arc::new) }
    }

    /// A request of `user` begins.
    pub fn begin(&self, user: &str, verb: Verb) -> Report {
        Report {
            request: Uuid::new_v4(),
            user: user.to_owned(),
            verb,
            tables: Vec::new(),
            permitted: false,
            started: Instant::now(),
            rows: Arc::default(),
            bytes: 0,
            log: self.log.clone(),
            done: false,
        }
    }
}

/// What is known of a request so far. One that is dropped before its end was cancelled.
pub struct Report {
    request: Uuid,
    user: String,
    verb: Verb,
    /// The tables that are read or changed, as far as they are known.
    pub tables: Vec<String>,
    /// Whether it has begun; what ends before that was refused.
    pub permitted: bool,
    started: Instant,
    /// Rows that were sent or stored so far.
    pub rows: Arc<AtomicU64>,
    /// Bytes that were sent so far.
    pub bytes: u64,
    log: Option<Arc<Log>>,
    done: bool,
}

impl Report {
    /// It came to its end. Later calls say nothing.
    pub fn done(&mut self) {
        self.end(Outcome::Done);
    }

    /// It ended otherwise, with the protocol's word for it. Later calls say nothing.
    pub fn failed(&mut self, word: String) {
        self.end(if self.permitted { Outcome::Ended(word) } else { Outcome::Refused(word) });
    }

    fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let (request, verb, bytes) = (self.request, self.verb, self.bytes);
        let (user, tables) = (std::mem::take(&mut self.user), std::mem::take(&mut self.tables));
        let rows = self.rows.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().as_secs_f64();
        tracing::info!(
            %request,
            user,
            ?verb,
            rows,
            bytes,
            seconds,
            ?outcome,
            "{verb:?} of {user}: {outcome:?}, {rows} rows in {seconds:.3} s"
        );
        if let Some(log) = &self.log {
            log.add(Entry { request, user, verb, tables, outcome, rows, bytes });
        }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        self.failed("Cancelled".to_owned());
    }
}
