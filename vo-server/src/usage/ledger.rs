//! What was counted, in the database of the server. Requests wait in a queue for a writer of their own, so that nobody
//! waits for the disk; when the queue is full they are not kept, and the number of those is.

mod read;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::Counted;
use super::origin::{Client, Origin};
use crate::config::UsageLimits;
use crate::state::{State, StateError};

/// How long requests are collected before they are written together.
const COLLECT_FOR: Duration = Duration::from_millis(500);
/// Requests that are written together at most.
const TOGETHER: usize = 1_000;
/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

enum Message {
    Request(Counted),
    /// Everything that came before is to be written; then somebody waits to hear so.
    Settle(oneshot::Sender<()>),
}

/// The way to the writer.
pub(crate) struct Ledger {
    sender: mpsc::Sender<Message>,
    lost: AtomicU64,
}

impl Ledger {
    /// Starts a writer into `state`, which ends with the ledger.
    pub(crate) fn start(state: &State, limits: UsageLimits) -> Self {
        let (sender, receiver) = mpsc::channel(limits.waiting.max(1));
        let writer = Writer { state: state.clone(), limits, versions: HashSet::new() };
        tokio::spawn(writer.run(receiver));
        Self { sender, lost: AtomicU64::new(0) }
    }

    /// Takes a request in.
    pub(crate) fn add(&self, counted: Counted) {
        if self.sender.try_send(Message::Request(counted)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything so far is in the database.
    pub(crate) async fn settle(&self) {
        let (sender, written) = oneshot::channel();
        if self.sender.send(Message::Settle(sender)).await.is_ok() {
            // A writer that is gone has written what it could.
            let _ = written.await;
        }
    }

    /// Requests that were not kept because the queue was full.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

struct Writer {
    state: State,
    limits: UsageLimits,
    /// Versions seen since the start, so that inventing some cannot fill the database.
    versions: HashSet<(Client, String)>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut messages = Vec::new();
        while receiver.recv_many(&mut messages, TOGETHER).await > 0 {
            let until = Instant::now() + COLLECT_FOR;
            while !urgent(&messages) {
                let next = timeout_at(until, receiver.recv_many(&mut messages, TOGETHER)).await;
                // The time is over, or the ledger is gone: what came is written.
                if next.is_err() || next == Ok(0) {
                    break;
                }
            }
            let mut requests = Vec::new();
            let mut waiting = Vec::new();
            for message in messages.drain(..) {
                match message {
                    Message::Request(counted) => requests.push(self.bounded(counted)),
                    Message::Settle(sender) => waiting.push(sender),
                }
            }
            if let Err(error) = self.write(&requests).await {
                tracing::error!(%error, requests = requests.len(), "failed to keep statistics");
            }
            for sender in waiting {
                // Whoever has gone away does not wait.
                let _ = sender.send(());
            }
        }
    }

    /// A version that is one too many is not told from others.
    fn bounded(&mut self, mut counted: Counted) -> Counted {
        let version = (counted.origin.client, counted.origin.version.clone());
        if self.versions.len() < self.limits.versions {
            self.versions.insert(version);
        } else if !self.versions.contains(&version) {
            counted.origin.version.clear();
        }
        counted
    }

    async fn write(&self, requests: &[Counted]) -> Result<(), StateError> {
        let Some(newest) = requests.iter().map(|counted| counted.at).max() else { return Ok(()) };
        let mut transaction = self.state.database().change().await?;
        let mut days = BTreeMap::new();
        for counted in requests {
            let Counted { at, origin, complexity, outcome, elapsed_ms } = counted;
            let (entrance, client) = (origin.entrance.name(), origin.client.name());
            let request = "INSERT INTO usage_requests (asked_at, entrance, client, version, complexity, outcome, \
                 elapsed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
            let request = sqlx::query(request).bind(at).bind(entrance).bind(client).bind(&origin.version);
            let request = request.bind(complexity.name()).bind(outcome.name()).bind(elapsed_ms);
            request.execute(&mut *transaction).await?;
            let Origin { version, .. } = origin;
            let key = (at.div_euclid(DAY_SECONDS), entrance, client, version.as_str(), complexity.name());
            *days.entry(key).or_insert(0_i64) += 1;
        }
        // In one order, so that servers that share the table never wait for each other in a circle.
        for ((day, entrance, client, version, complexity), queries) in days {
            let sql = "INSERT INTO usage_days (day, entrance, client, version, complexity, queries) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (day, entrance, client, version, complexity) \
                 DO UPDATE SET queries = usage_days.queries + excluded.queries";
            let query = sqlx::query(sql).bind(day).bind(entrance).bind(client).bind(version);
            query.bind(complexity).bind(queries).execute(&mut *transaction).await?;
        }
        let first_day = newest.div_euclid(DAY_SECONDS) - self.limits.days;
        sqlx::query("DELETE FROM usage_days WHERE day < $1")
            .bind(first_day)
            .execute(&mut *transaction)
            .await?;
        let old = "DELETE FROM usage_requests WHERE id <= (SELECT MAX(id) FROM usage_requests) - $1 OR asked_at < $2";
        let old = sqlx::query(old).bind(self.limits.requests).bind(first_day * DAY_SECONDS);
        old.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Whether somebody waits, or enough has come.
fn urgent(messages: &[Message]) -> bool {
    messages.len() >= TOGETHER || messages.iter().any(|message| matches!(message, Message::Settle(_)))
}
