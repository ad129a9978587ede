//! When a job will be done (UWS 1.1 section 2.2.1, quote): what its plan is about to read, at the pace of the jobs before it.
//!
//! There is no quote where the plan does not tell how much there is to read, nor before the first job of some size has
//! ended here: what cannot be known is not said.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Jobs that read less say nothing of the pace, and take no time worth telling.
const SMALL_BYTES: u64 = 1 << 18;
/// Seconds for everything else that a job does.
const AT_LEAST_SECONDS: f64 = 1.0;
/// How much the newest job counts beside all before it.
const NEWEST: f64 = 0.3;

/// How fast jobs have been reading lately.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    bytes_per_second: Mutex<Option<f64>>,
}

impl Pace {
    /// Takes in that a job took so long for so many bytes.
    pub(super) fn learn(&self, bytes: u64, took: Duration) {
        if bytes < SMALL_BYTES {
            return;
        }
        let new = bytes as f64 / took.as_secs_f64().max(1e-3);
        let mut pace = self.bytes_per_second.lock().unwrap_or_else(PoisonError::into_inner);
        // In logarithms, so that one job that waited for others does not count for ten.
        *pace = Some(pace.map_or(new, |old| ((1.0 - NEWEST) * old.ln() + NEWEST * new.ln()).exp()));
    }

    /// Seconds that a job will take to read so many bytes, rounded up.
    pub(super) fn seconds(&self, bytes: u64) -> Option<i64> {
        let pace = *self.bytes_per_second.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = if bytes < SMALL_BYTES { 0.0 } else { bytes as f64 / pace? };
        Some((AT_LEAST_SECONDS + seconds).ceil() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_promised_before_a_job_of_some_size_has_ended() {
        let pace = Pace::default();
        assert_eq!((pace.seconds(1 << 30), pace.seconds(10)), (None, Some(1)));
        pace.learn(10, Duration::from_secs(5));
        assert_eq!(pace.seconds(1 << 30), None);
        pace.learn(100_000_000, Duration::from_secs(10));
        assert_eq!(pace.seconds(1_000_000_000), Some(101));
    }

    #[test]
    fn the_newest_job_counts_for_some_of_the_pace_and_an_odd_one_not_for_all() {
        let pace = Pace::default();
        for _ in 0..9 {
            pace.learn(1_000_000, Duration::from_secs(1));
        }
        pace.learn(1_000_000, Duration::from_secs(1_000));
        assert_eq!(pace.seconds(1_000_000), Some(9));
    }
}
