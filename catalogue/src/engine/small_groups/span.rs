//! The whole numbers that a key has been, so that each has a small code.

use arrow::array::{Array, Int64Array};
use arrow::compute::{max, min};

/// The whole numbers that a key may be, and null. The code of null is 0, and that of the least number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    least: i64,
    /// Below `least` where there is no number.
    most: i64,
}

impl Span {
    /// Of no numbers.
    pub(super) const EMPTY: Self = Self { least: 0, most: -1 };

    /// How many codes there are.
    pub(super) fn codes(self) -> u128 {
        (i128::from(self.most) - i128::from(self.least) + 2) as u128
    }

    /// This with all numbers of `key`.
    pub(super) fn with(self, key: &Int64Array) -> Self {
        match (min(key), max(key)) {
            (Some(least), Some(most)) if self == Self::EMPTY => Self { least, most },
            (Some(least), Some(most)) => Self { least: self.least.min(least), most: self.most.max(most) },
            _ => self,
        }
    }

    /// This with as much again beyond the ends that were nearer `before`.
    pub(super) fn roomy(self, before: Self) -> Self {
        if before == Self::EMPTY {
            return self;
        }
        let room = i64::try_from(self.codes()).unwrap_or(i64::MAX);
        Self {
            least: if self.least < before.least { self.least.saturating_sub(room) } else { self.least },
            most: if self.most > before.most { self.most.saturating_add(room) } else { self.most },
        }
    }

    /// The code of a number within.
    pub(super) fn code(self, key: i64) -> u32 {
        key.wrapping_sub(self.least) as u32 + 1
    }

    /// The number with a code; `None` is null.
    pub(super) fn key(self, code: u32) -> Option<i64> {
        code.checked_sub(1).map(|above| self.least + i64::from(above))
    }

    /// Adds the codes of keys, times `step`.
    pub(super) fn add_codes(self, keys: &Int64Array, step: u32, places: &mut [u32]) {
        let rows = places.iter_mut().zip(keys.values());
        match keys.nulls() {
            None => rows.for_each(|(place, &key)| *place += self.code(key) * step),
            Some(known) => rows.zip(known).filter(|(_, known)| *known).for_each(|((place, &key), _)| {
                *place += self.code(key) * step;
            }),
        }
    }
}
