//! Who is connected to a kernel. Of two WebSockets with the same session, the newer one wins: the older one
//! belongs to a page that was reloaded or to a network that changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long a new connection waits for its predecessor to let go of the kernel's sockets.
const LET_GO: Duration = Duration::from_secs(1);

/// The clients of one kernel by session.
#[derive(Clone, Default)]
pub struct Clients {
    seats: Arc<Mutex<HashMap<String, Tokens>>>,
}

#[derive(Clone)]
struct Tokens {
    replaced: CancellationToken,
    left: CancellationToken,
    /// The message after which it began to read.
    from: u64,
    /// The message up to which it has said to have everything.
    has: Arc<AtomicU64>,
}

/// A client's place; it is free again when this is dropped.
pub struct Seat {
    clients: Clients,
    session: String,
    tokens: Tokens,
}

impl Clients {
    /// A place for `session`, after whoever had it has left. It reads what comes after message `from`.
    pub async fn admit(&self, session: &str, from: u64) -> Seat {
        let (replaced, left, has) = Default::default();
        let tokens = Tokens { replaced, left, from, has };
        let previous = self.locked().insert(session.to_owned(), tokens.clone());
        if let Some(previous) = previous {
            previous.replaced.cancel();
            let _ = timeout(LET_GO, previous.left.cancelled()).await;
        }
        Seat { clients: self.clone(), session: session.to_owned(), tokens }
    }

    /// Whether somebody who is here has a whole execution, from its request to its last message: the one that asked
    /// for it, or one that has read all of it.
    pub fn have(&self, asker: &str, request: u64, last: u64) -> bool {
        let seats = self.locked();
        let mut readers = seats.iter().filter(|(session, tokens)| *session == asker || tokens.from < request);
        readers.any(|(_, tokens)| tokens.has.load(Ordering::Relaxed) >= last)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.locked().len()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Tokens>> {
        self.seats.lock().expect("no thread panics while it holds the seats")
    }
}

impl Seat {
    /// The client says that it has everything up to this message.
    pub fn has(&self, seq: u64) {
        self.tokens.has.fetch_max(seq, Ordering::Relaxed);
    }

    /// Waits until a newer connection takes the place.
    pub async fn replaced(&self) {
        self.tokens.replaced.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.tokens.left.cancel();
        if !self.tokens.replaced.is_cancelled() {
            self.clients.locked().remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_connection_of_a_session_wins_and_counts_once() {
        let clients = Clients::default();
        let old = clients.admit("a", 0).await;
        let watcher = tokio::spawn(async move { old.replaced().await });
        let new = clients.admit("a", 0).await;
        watcher.await.expect("the old connection was told");
        assert_eq!(clients.count(), 1);
        drop(new);
        assert_eq!(clients.count(), 0);
    }

    #[tokio::test]
    async fn an_execution_was_seen_by_who_asked_or_by_who_read_all_of_it() {
        let clients = Clients::default();
        let (asker, reader) = (clients.admit("asker", u64::MAX).await, clients.admit("reader", 4).await);
        let late = clients.admit("late", 6).await;
        late.has(99);
        assert!(!clients.have("asker", 5, 9), "who came in the middle has not seen it");
        reader.has(8);
        assert!(!clients.have("asker", 5, 9));
        reader.has(9);
        assert!(clients.have("asker", 5, 9));
        drop(reader);
        assert!(!clients.have("asker", 5, 9));
        asker.has(9);
        assert!(clients.have("asker", 5, 9));
    }
}
