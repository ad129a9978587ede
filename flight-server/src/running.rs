//! Streams of rows that are on their way, so that CancelFlightInfo finds them by the tickets of an offer. A ticket that
//! was not used yet is remembered as cancelled until it expires, so that a cancel cannot come too early.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

/// Cancelled tickets that are remembered; beyond it, the expiry of tickets has to do.
const REMEMBERED: usize = 10_000;

/// The streams of a server. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Streams>>);

#[derive(Default)]
struct Streams {
    /// By ticket; of one ticket there may be several streams.
    running: HashMap<Bytes, (CancellationToken, usize)>,
    cancelled: HashMap<Bytes, i64>,
}

/// A stream that runs. Dropping it means that it has ended.
pub(crate) struct Guard {
    running: Running,
    ticket: Bytes,
    /// Cancelled when somebody cancels the query.
    pub(crate) cancelled: CancellationToken,
}

impl Running {
    /// A stream of a ticket begins; nothing if the ticket was cancelled.
    pub(crate) fn begin(&self, ticket: &Bytes) -> Option<Guard> {
        let mut streams = self.streams();
        if streams.cancelled.contains_key(ticket) {
            return None;
        }
        let (token, count) = streams.running.entry(ticket.clone()).or_default();
        *count += 1;
        Some(Guard { running: self.clone(), ticket: ticket.clone(), cancelled: token.clone() })
    }

    /// Ends the streams of a ticket that is good until `expires`, and those that would begin.
    pub(crate) fn cancel(&self, ticket: &Bytes, expires: i64, now: i64) {
        let mut streams = self.streams();
        if let Some((token, _)) = streams.running.remove(ticket) {
            token.cancel();
        }
        if streams.cancelled.len() >= REMEMBERED {
            streams.cancelled.retain(|_, expires| *expires > now);
        }
        if streams.cancelled.len() < REMEMBERED {
            streams.cancelled.insert(ticket.clone(), expires);
        }
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().expect("no thread panics while it holds this lock")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut streams = self.running.streams();
        if let Some((_, count)) = streams.running.get_mut(&self.ticket) {
            *count -= 1;
            if *count == 0 {
                streams.running.remove(&self.ticket);
            }
        }
    }
}
