//! What to look at next: each name at most once, each at its time, never two workers on one name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use futures::future::select;
use tokio::sync::Notify;

use crate::backoff;
use crate::clock::Clock;

/// A resource that can be reconciled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A Lab by name.
    Lab(String),
}

/// The names that are due, now or later. As long as the number of objects, and no longer.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    due: BTreeMap<Key, Duration>,
    order: BTreeSet<(Duration, Key)>,
    busy: BTreeSet<Key>,
    failures: BTreeMap<Key, u32>,
}

impl State {
    fn add(&mut self, key: Key, when: Duration) {
        if let Some(earlier) = self.due.get(&key) {
            if *earlier <= when {
                return;
            }
            self.order.remove(&(*earlier, key.clone()));
        }
        self.order.insert((when, key.clone()));
        self.due.insert(key, when);
    }

    /// The first name that is due and that nobody works on, or when the next one will be due.
    fn take(&mut self, now: Duration) -> Result<Key, Option<Duration>> {
        let next = self.order.iter().find(|(_, key)| !self.busy.contains(key)).cloned();
        let Some((when, key)) = next else { return Err(None) };
        if when > now {
            return Err(Some(when - now));
        }
        self.order.remove(&(when, key.clone()));
        self.due.remove(&key);
        self.busy.insert(key.clone());
        Ok(key)
    }
}

impl Queue {
    /// Has `key` looked at no later than at `when` of the clock.
    pub fn add(&self, key: Key, when: Duration) {
        self.lock().add(key, when);
        self.changed.notify_one();
    }

    /// Waits for the next name. [`Queue::done`] must follow.
    pub async fn next(&self, clock: &dyn Clock) -> Key {
        loop {
            let changed = self.changed.notified();
            let pause = match self.lock().take(clock.now()) {
                Ok(key) => return key,
                Err(pause) => pause,
            };
            match pause {
                Some(pause) => drop(select(Box::pin(changed), clock.sleep(pause)).await),
                None => changed.await,
            }
        }
    }

    /// Ends the work on `key`, and has it looked at again after `pause`, if any.
    pub fn done(&self, key: Key, now: Duration, pause: Option<Duration>) {
        let mut state = self.lock();
        state.busy.remove(&key);
        state.failures.remove(&key);
        if let Some(pause) = pause {
            state.add(key, now + pause);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Ends the work on `key` without success: again after `wait`, or else after a pause that grows.
    pub fn failed(&self, key: Key, now: Duration, wait: Option<Duration>) {
        let mut state = self.lock();
        state.busy.remove(&key);
        let failures = state.failures.entry(key.clone()).or_default();
        *failures += 1;
        let pause = wait.unwrap_or_else(|| backoff::pause(&key, *failures));
        state.add(key, now + pause);
        drop(state);
        self.changed.notify_one();
    }

    /// Names that wait, due or not.
    pub fn len(&self) -> usize {
        self.lock().due.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the queue")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(name: &str) -> Key {
        Key::Lab(name.to_owned())
    }

    #[test]
    fn a_name_is_given_out_once_and_again_after_it_is_done() {
        let queue = Queue::default();
        let now = Duration::from_secs(5);
        queue.add(lab("a"), now);
        queue.add(lab("a"), now);
        assert_eq!(queue.lock().take(now), Ok(lab("a")));
        queue.add(lab("a"), now);
        assert_eq!(queue.lock().take(now), Err(None));
        queue.done(lab("a"), now, None);
        assert_eq!(queue.lock().take(now), Ok(lab("a")));
    }

    #[test]
    fn the_earlier_of_two_times_counts() {
        let queue = Queue::default();
        queue.add(lab("a"), Duration::from_secs(9));
        queue.add(lab("a"), Duration::from_secs(3));
        queue.add(lab("a"), Duration::from_secs(7));
        assert_eq!(queue.lock().take(Duration::from_secs(1)), Err(Some(Duration::from_secs(2))));
        assert_eq!(queue.lock().take(Duration::from_secs(3)), Ok(lab("a")));
    }
}
