//! How long downloads are, by their tags. That is known once one has been made to its end, and need not be found out again
//! for every part of it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Downloads that are remembered, about 60 bytes each; the oldest make room.
const REMEMBERED: usize = 10_000;

/// The lengths that are known.
#[derive(Debug, Default)]
pub(crate) struct Lengths(Mutex<VecDeque<(String, u64)>>);

impl Lengths {
    /// The bytes of the download with a tag, where that is known.
    pub(super) fn get(&self, tag: &str) -> Option<u64> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(of, _)| of == tag).map(|(_, bytes)| *bytes)
    }

    /// Remembers how many bytes the download with a tag has.
    pub(super) fn learn(&self, tag: &str, bytes: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|(of, _)| of == tag) {
            return;
        }
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back((tag.to_owned(), bytes));
    }
}
