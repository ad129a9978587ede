//! Time as the controller sees it, so that a test can run an hour in a moment.
//!
//! Nothing else in this crate asks the system for the time or sleeps.

use std::pin::pin;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Either, select};
use jiff::Timestamp;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Time since some fixed moment; never jumps.
    fn now(&self) -> Duration;
    /// What the calendar says; may jump, so it is only used to compare with times that others wrote.
    fn wall(&self) -> Timestamp;
    /// Ends after `pause`.
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's own clock.
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(pause).boxed()
    }
}

/// What `future` gives, or nothing when `limit` passes first.
pub async fn within<T>(clock: &dyn Clock, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), clock.sleep(limit)).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
