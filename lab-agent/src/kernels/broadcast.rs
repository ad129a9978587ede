//! One kernel's broadcasts for any number of clients, each with a bounded queue.
//!
//! A client whose queue is full holds the kernel's socket up for a while, and with it the kernel; if that does
//! not help, it is disconnected and told why. Nothing is dropped silently here.

use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::wire::Parts;
use crate::config::Limits;

/// Why a subscription ended when the kernel is gone.
const KERNEL_GONE: &str = "the kernel was shut down";
/// Why a subscription ended when its client did not keep up.
const TOO_SLOW: &str = "this client reads more slowly than the kernel writes";

/// The sending side.
#[derive(Default)]
pub struct Broadcast {
    subscribers: Mutex<Vec<Arc<Subscriber>>>,
}

struct Subscriber {
    queue: mpsc::Sender<Parcel>,
    room: Arc<Semaphore>,
    end: Arc<OnceLock<&'static str>>,
}

/// A message and the room that it takes in its queue.
struct Parcel {
    parts: Parts,
    _room: OwnedSemaphorePermit,
}

/// The receiving side, for one client.
pub struct Subscription {
    queue: mpsc::Receiver<Parcel>,
    end: Arc<OnceLock<&'static str>>,
}

impl Broadcast {
    /// A subscription to everything from now on.
    pub fn subscribe(&self, limits: &Limits) -> Subscription {
        let (sender, receiver) = mpsc::channel(limits.broadcast_messages);
        let end = Arc::new(OnceLock::new());
        let room = Arc::new(Semaphore::new(limits.broadcast_bytes.min(Semaphore::MAX_PERMITS)));
        self.locked().push(Arc::new(Subscriber { queue: sender, room, end: end.clone() }));
        Subscription { queue: receiver, end }
    }

    /// Gives `parts` to every subscriber.
    pub async fn send(&self, parts: &Parts, limits: &Limits) {
        let subscribers = self.locked().clone();
        for subscriber in subscribers {
            let kept = timeout(limits.slow_client_patience, subscriber.send(parts, limits)).await;
            if !matches!(kept, Ok(Some(()))) {
                let _ = subscriber.end.set(TOO_SLOW);
                self.locked().retain(|other| !Arc::ptr_eq(other, &subscriber));
            }
        }
    }

    /// Ends all subscriptions, after what is queued for them.
    pub fn close(&self) {
        for subscriber in self.locked().drain(..) {
            let _ = subscriber.end.set(KERNEL_GONE);
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Subscriber>>> {
        self.subscribers.lock().expect("no thread panics while it holds the subscribers")
    }
}

impl Subscriber {
    /// Waits for room; `None` when the client is gone.
    async fn send(&self, parts: &Parts, limits: &Limits) -> Option<()> {
        let bytes: usize = parts.iter().map(bytes::Bytes::len).sum();
        // A message larger than all the room may pass when nothing else waits.
        let bytes = u32::try_from(bytes.min(limits.broadcast_bytes)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(bytes).await.ok()?;
        self.queue.send(Parcel { parts: parts.clone(), _room: room }).await.ok()
    }
}

impl Subscription {
    /// The next message; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<Parts> {
        self.queue.recv().await.map(|parcel| parcel.parts)
    }

    /// The next message if it is there already.
    pub fn next_now(&mut self) -> Option<Parts> {
        self.queue.try_recv().ok().map(|parcel| parcel.parts)
    }

    /// Why there are no more messages.
    pub fn end(&self) -> &'static str {
        self.end.get().copied().unwrap_or(KERNEL_GONE)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::wire::compose;
    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off_and_the_others_are_not() {
        let limits = Limits {
            broadcast_messages: 2,
            slow_client_patience: Duration::from_millis(10),
            ..Limits::default()
        };
        let broadcast = Broadcast::default();
        let (mut slow, mut quick) = (broadcast.subscribe(&limits), broadcast.subscribe(&limits));
        let messages = [1, 2, 3].map(|n| compose("stream", None, &n.into()));
        for message in &messages {
            broadcast.send(message, &limits).await;
            assert_eq!(quick.next().await.as_ref(), Some(message));
        }
        let received = [slow.next().await, slow.next().await, slow.next().await];
        assert_eq!(received, [Some(messages[0].clone()), Some(messages[1].clone()), None]);
        assert_eq!(slow.end(), TOO_SLOW);
    }

    #[tokio::test]
    async fn a_message_larger_than_all_the_room_still_passes() {
        let limits = Limits { broadcast_bytes: 8, ..Limits::default() };
        let broadcast = Broadcast::default();
        let mut subscription = broadcast.subscribe(&limits);
        let message = compose("stream", None, &"much more than eight bytes".into());
        broadcast.send(&message, &limits).await;
        broadcast.close();
        assert_eq!([subscription.next().await, subscription.next().await], [Some(message), None]);
        assert_eq!(subscription.end(), KERNEL_GONE);
    }
}
