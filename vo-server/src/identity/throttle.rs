//! How often somebody may guess a password.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::names::Username;

use crate::refusal::Refusal;

/// Failures of one name within the window before it has to wait.
const FAILURES: u32 = 10;
/// Length of the window.
const WINDOW: Duration = Duration::from_secs(300);
/// Names whose failures are remembered at the same time.
const NAMES: usize = 10_000;

/// The failed logins of the last minutes.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<Username, Failures>>);

struct Failures {
    since: Instant,
    count: u32,
}

impl Throttle {
    /// Refuses a name that has failed too often.
    pub(crate) fn admit(&self, name: &Username) -> Result<(), Refusal> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, failures| failures.since.elapsed() < WINDOW);
        let crowded = names.len() >= NAMES && !names.contains_key(name);
        match names.get(name) {
            Some(failures) if failures.count >= FAILURES => Err(wait(failures.since.elapsed())),
            _ if crowded => Err(wait(Duration::ZERO)),
            _ => Ok(()),
        }
    }

    /// Remembers how a login ended.
    pub(crate) fn note(&self, name: &Username, right: bool) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if right {
            names.remove(name);
        } else {
            let new = || Failures { since: Instant::now(), count: 0 };
            names.entry(name.clone()).or_insert_with(new).count += 1;
        }
    }
}

fn wait(passed: Duration) -> Refusal {
    Refusal::TooManyFailures { retry_after_seconds: WINDOW.saturating_sub(passed).as_secs() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_guess_has_to_wait_and_a_right_password_forgives() {
        let (throttle, name) = (Throttle::default(), "maria".parse().expect("a name"));
        for _ in 0..FAILURES {
            throttle.admit(&name).expect("few failures");
            throttle.note(&name, false);
        }
        assert!(matches!(throttle.admit(&name), Err(Refusal::TooManyFailures { .. })));
        throttle.note(&name, true);
        throttle.admit(&name).expect("forgiven");
    }
}
