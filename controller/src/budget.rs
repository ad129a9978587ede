//! The rate of API calls that the controller allows itself: a burst, then so many a second. Shared by everything that
//! it does, because the API server is shared by everybody.

use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Clock;

/// How many calls, how fast.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Calls a second, in the long run.
    pub per_second: u32,
    /// Calls at once, after a pause.
    pub burst: u32,
}

/// Hands out the calls, in the order in which they are asked for.
pub struct Budget {
    interval: Duration,
    burst: u32,
    /// When the next call falls due if calls come without a pause.
    next: Mutex<Duration>,
}

impl Budget {
    /// A budget that starts with its whole burst.
    pub fn new(rate: Rate) -> Self {
        let interval = Duration::from_secs(1) / rate.per_second.max(1);
        Self { interval, burst: rate.burst, next: Mutex::new(Duration::ZERO) }
    }

    /// Waits until one more call is within the rate.
    pub async fn take(&self, clock: &dyn Clock) {
        let pause = self.reserve(clock.now());
        if !pause.is_zero() {
            clock.sleep(pause).await;
        }
    }

    fn reserve(&self, now: Duration) -> Duration {
        let mut next = self.next.lock().expect("nothing panics while it holds the budget");
        let due = (*next).max(now);
        *next = due + self.interval;
        due.saturating_sub(now + self.interval * self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_what_follows_waits() {
        let budget = Budget::new(Rate { per_second: 10, burst: 3 });
        let pauses: Vec<_> = (0..6).map(|_| budget.reserve(Duration::ZERO).as_millis()).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 100, 200]);
        assert_eq!(budget.reserve(Duration::from_secs(10)).as_millis(), 0);
    }
}
