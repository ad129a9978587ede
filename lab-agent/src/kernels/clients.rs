//! Who is connected to a kernel. Of two WebSockets with the same session, the newer one wins: the older one
//! belongs to a page that was reloaded or to a network that changed.

use std::collections::HashMap;
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
}

/// A client's place; it is free again when this is dropped.
pub struct Seat {
    clients: Clients,
    session: String,
    tokens: Tokens,
}

impl Clients {
    /// A place for `session`, after whoever had it has left.
    pub async fn admit(&self, session: &str) -> Seat {
        let tokens = Tokens { replaced: CancellationToken::new(), left: CancellationToken::new() };
        let previous = self.locked().insert(session.to_owned(), tokens.clone());
        if let Some(previous) = previous {
            previous.replaced.cancel();
            let _ = timeout(LET_GO, previous.left.cancelled()).await;
        }
        Seat { clients: self.clone(), session: session.to_owned(), tokens }
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
        let old = clients.admit("a").await;
        let watcher = tokio::spawn(async move { old.replaced().await });
        let new = clients.admit("a").await;
        watcher.await.expect("the old connection was told");
        assert_eq!(clients.count(), 1);
        drop(new);
        assert_eq!(clients.count(), 0);
    }
}
