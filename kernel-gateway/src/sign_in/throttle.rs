//! Counting failed sign-ins, per name and in total, and making the next guess wait.
//!
//! Counts live in memory: a restart forgives. A one-time link is never throttled, so nobody can be locked out.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::config::SignInLimits;
use crate::error::Refusal;

/// Failures since the window began.
#[derive(Clone, Copy)]
struct Window {
    began: Instant,
    failures: u32,
}

struct Counts {
    total: Window,
    names: HashMap<String, Window>,
}

/// Counts of failed sign-ins.
pub struct Throttle {
    limits: SignInLimits,
    counts: Mutex<Counts>,
}

impl Throttle {
    /// No failures yet.
    pub fn new(limits: SignInLimits) -> Self {
        let counts = Counts { total: Window::begin(), names: HashMap::new() };
        Self { limits, counts: Mutex::new(counts) }
    }

    /// Refuses a guess that comes too soon, and counts any other as failed until [`Self::forgive`]: so guesses
    /// that arrive together cannot all slip through. The answer is the name's count, this guess included.
    pub fn admit(&self, name: &str) -> Result<u32, Refusal> {
        let mut counts = self.lock();
        let Counts { total, names } = &mut *counts;
        total.admit(self.limits.failures_in_total, self.limits.window)?;
        if names.len() >= self.limits.names_remembered {
            names.retain(|_, window| window.began.elapsed() < self.limits.window);
        }
        if names.len() >= self.limits.names_remembered && !names.contains_key(name) {
            // Too many names to remember: the total alone protects.
            return Ok(total.count());
        }
        let window = names.entry(name.to_owned()).or_insert_with(Window::begin);
        window.admit(self.limits.failures_per_name, self.limits.window)?;
        total.count();
        Ok(window.count())
    }

    /// Forgives a name that has signed in.
    pub fn forgive(&self, name: &str) {
        let mut counts = self.lock();
        counts.total.failures = counts.total.failures.saturating_sub(1);
        counts.names.remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Window {
    fn begin() -> Self {
        Self { began: Instant::now(), failures: 0 }
    }

    fn admit(&mut self, limit: u32, length: Duration) -> Result<(), Refusal> {
        if self.began.elapsed() >= length {
            *self = Self::begin();
        }
        if self.failures < limit {
            return Ok(());
        }
        let left = length.saturating_sub(self.began.elapsed());
        Err(Refusal::TooManyFailures { retry_after_seconds: left.as_secs() + 1 })
    }

    fn count(&mut self) -> u32 {
        self.failures += 1;
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(window: Duration) -> Throttle {
        Throttle::new(SignInLimits {
            failures_per_name: 2,
            failures_in_total: 5,
            window,
            names_remembered: 3,
        })
    }

    #[test]
    fn a_name_waits_after_its_failures_and_others_do_not() {
        let throttle = throttle(Duration::from_secs(60));
        assert_eq!([throttle.admit("maria").ok(), throttle.admit("maria").ok()], [Some(1), Some(2)]);
        let third = throttle.admit("maria");
        assert!(matches!(third, Err(Refusal::TooManyFailures { retry_after_seconds: 1..=61 })), "{third:?}");
        assert_eq!(throttle.admit("caroline").ok(), Some(1));
    }

    #[test]
    fn signing_in_forgives_and_so_does_time() {
        let throttle = throttle(Duration::from_secs(60));
        for _ in 0..10 {
            throttle.admit("maria").expect("forgiven each time");
            throttle.forgive("maria");
        }
        let throttle = self::throttle(Duration::ZERO);
        for _ in 0..10 {
            throttle.admit("maria").expect("each window is over at once");
        }
    }

    #[test]
    fn guessing_over_many_names_makes_everybody_wait_and_costs_bounded_memory() {
        let throttle = throttle(Duration::from_secs(60));
        for name in ["a", "b", "c", "d", "e"] {
            throttle.admit(name).expect("not yet");
        }
        assert_eq!(throttle.lock().names.len(), 3);
        assert!(throttle.admit("somebody-else").is_err());
    }
}
