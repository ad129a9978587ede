//! Time that stands still while anybody has something to do, and then jumps to the next thing that happens.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use controller::clock::Clock;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

/// When every run begins, as the calendar has it.
const BEGIN: i64 = 1_796_204_400;

/// The one clock of a run.
#[derive(Clone, Default)]
pub struct SimClock(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Duration,
    count: u64,
    timers: BTreeMap<(Duration, u64), Waker>,
}

impl SimClock {
    /// A runtime of one thread whose idle moments move this clock on. It has no timers of its own: whatever asks the
    /// system for time fails here.
    pub fn runtime(&self) -> std::io::Result<Runtime> {
        let clock = self.clone();
        Builder::new_current_thread().on_thread_park(move || clock.advance()).build()
    }

    /// Moves on to the next timer.
    fn advance(&self) {
        let mut state = self.lock();
        if let Some(((when, _), waker)) = state.timers.pop_first() {
            state.now = when;
            drop(state);
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the clock")
    }
}

impl Clock for SimClock {
    fn now(&self) -> Duration {
        self.lock().now
    }

    fn wall(&self) -> Timestamp {
        let begin = Timestamp::from_second(BEGIN).expect("the beginning is a valid time");
        // Times in Kubernetes objects have whole seconds.
        begin + Duration::from_secs(self.now().as_secs())
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.lock();
        state.count += 1;
        let timer = Timer { clock: self.clone(), key: (state.now + pause, state.count) };
        timer.boxed()
    }
}

struct Timer {
    clock: SimClock,
    key: (Duration, u64),
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clock.lock().timers.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_passes_at_once() {
        let clock = SimClock::default();
        let runtime = clock.runtime().expect("a runtime can be built");
        let began = std::time::Instant::now();
        runtime.block_on(clock.sleep(Duration::from_secs(3600)));
        assert_eq!(clock.now(), Duration::from_secs(3600));
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
