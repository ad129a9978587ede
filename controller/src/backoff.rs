//! How long to wait before the next attempt: twice as long each time, and not at the same moment as everybody else.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(800);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15);

/// The pause after the `failures`th failure of `who`: between half and all of 0.8 s, 1.6 s, ... 15 s. What lies between
/// is a function of both, so that a run can be repeated.
pub fn pause(who: &impl Hash, failures: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LONGEST);
    let mut hasher = DefaultHasher::new();
    (who, failures).hash(&mut hasher);
    let part = (hasher.finish() % 1000) as u32;
    whole / 2 + whole / 2 * part / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ_between_callers() {
        let pauses: Vec<_> = (1..40).map(|failures| pause(&"maria", failures)).collect();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST, "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST) && pauses[38] >= LONGEST / 2, "{pauses:?}");
        assert_ne!(pause(&"maria", 3), pause(&"caroline", 3));
    }
}
