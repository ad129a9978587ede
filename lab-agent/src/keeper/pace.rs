//! How a kernel that says very much is read. A message that is read alone costs a wake-up in the kernel, here, in the
//! agent, in the gateway and in the browser; of a flood they are therefore left to gather. A kernel that says little
//! is read at once.

use std::time::{Duration, Instant};

/// How long messages are counted before the count begins anew.
const WINDOW: Duration = Duration::from_millis(20);
/// Messages within a [`WINDOW`] that are no flood: small cells have six.
const AT_ONCE: usize = 32;
/// How long the messages of a flood gather. A kernel drops broadcasts when a thousand wait: a hundredth of a second
/// of the quickest kernels.
const GATHER: Duration = Duration::from_millis(2);

/// Counts what a kernel says.
pub struct Pace {
    since: Instant,
    count: usize,
    was_flood: bool,
}

impl Pace {
    /// Nothing was said yet.
    pub fn new(now: Instant) -> Self {
        Self { since: now, count: 0, was_flood: false }
    }

    /// Takes note of messages that were read, and tells how long to wait before more are read.
    pub fn wait_after(&mut self, messages: usize, now: Instant) -> Duration {
        if now - self.since > WINDOW {
            *self = Self { since: now, count: 0, was_flood: self.count > AT_ONCE };
        }
        self.count += messages;
        match self.was_flood || self.count > AT_ONCE {
            true => GATHER,
            false => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_flood_gathers_and_one_that_ends_is_forgotten() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut wait = |messages, ms| pace.wait_after(messages, start + Duration::from_millis(ms));
        assert_eq!(wait(AT_ONCE, 1), Duration::ZERO);
        assert_eq!(wait(1, 2), GATHER);
        // The window after a flood begins as one.
        assert_eq!(wait(1, 30), GATHER);
        assert_eq!(wait(1, 60), Duration::ZERO);
        assert_eq!(wait(AT_ONCE - 1, 70), Duration::ZERO);
    }

    #[test]
    fn small_cells_one_after_the_other_are_read_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for ms in 0..1_000 {
            assert_eq!(
                pace.wait_after(1, start + Duration::from_millis(ms)),
                Duration::ZERO,
                "after {ms} ms"
            );
        }
    }
}
