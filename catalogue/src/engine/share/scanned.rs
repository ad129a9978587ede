//! Bytes that queries read from the catalogue's files: counted where they are read, limited per query, and per
//! user in each hour.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::engine::error::QueryError;
use crate::engine::limits::Limits;

/// How long a user's bytes are added up.
const HOUR: Duration = Duration::from_secs(3600);

/// What one user read since a moment less than an hour ago.
#[derive(Debug)]
pub(crate) struct Window {
    limit_bytes: u64,
    read: Mutex<(Instant, u64)>,
}

impl Window {
    pub(super) fn of(limits: &Limits) -> Self {
        Self { limit_bytes: limits.user_scan_bytes_per_hour, read: Mutex::new((Instant::now(), 0)) }
    }

    /// Whether everything in it is forgotten.
    pub(super) fn is_over(&self) -> bool {
        self.read.lock().expect("no thread panics while it holds this lock").0.elapsed() >= HOUR
    }

    fn add(&self, bytes: u64) -> Result<(), QueryError> {
        let mut read = self.read.lock().expect("no thread panics while it holds this lock");
        if read.0.elapsed() >= HOUR {
            *read = (Instant::now(), 0);
        }
        read.1 = read.1.saturating_add(bytes);
        if read.1 <= self.limit_bytes {
            return Ok(());
        }
        let wait = HOUR.saturating_sub(read.0.elapsed()).as_secs().div_ceil(60);
        Err(QueryError::ScannedThisHour { limit_bytes: self.limit_bytes, minutes: wait })
    }
}

/// Counts the bytes of one query.
#[derive(Debug)]
pub(crate) struct Meter {
    limit_bytes: u64,
    read: AtomicU64,
    user: Arc<Window>,
}

impl Meter {
    pub(super) fn new(limit_bytes: u64, user: Arc<Window>) -> Self {
        Self { limit_bytes, read: AtomicU64::new(0), user }
    }

    /// Counts bytes about to be read; an error when they are too many.
    pub(crate) fn add(&self, bytes: u64) -> Result<(), QueryError> {
        let read = self.read.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if read > self.limit_bytes {
            return Err(QueryError::Scanned { limit_bytes: self.limit_bytes });
        }
        self.user.add(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_and_an_hour_have_their_limits() {
        let limits = Limits { user_scan_bytes_per_hour: 100, ..Limits::default() };
        let user = Arc::new(Window::of(&limits));
        let query = || Meter::new(60, Arc::clone(&user));
        let first = query();
        assert_eq!(first.add(60), Ok(()));
        assert_eq!(first.add(1), Err(QueryError::Scanned { limit_bytes: 60 }));
        assert_eq!(query().add(41), Err(QueryError::ScannedThisHour { limit_bytes: 100, minutes: 60 }));
    }

    #[test]
    fn after_an_hour_the_count_begins_anew() {
        let begun = Instant::now()
            .checked_sub(HOUR)
            .expect("the machine runs longer than an hour, or time is signed");
        let window = Window { limit_bytes: 100, read: Mutex::new((begun, 99)) };
        assert!(window.is_over());
        assert_eq!(window.add(50), Ok(()));
        assert!(!window.is_over());
    }
}
