//! Sets of integer keys as ranges: the keys a filter may match. Knows neither files nor expressions.

use std::ops::RangeInclusive;

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;

/// Sorted, disjoint ranges of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRanges(Vec<RangeInclusive<i64>>);

impl KeyRanges {
    /// The union of `ranges`, in any order; empty ranges are dropped.
    pub(crate) fn new(mut ranges: Vec<RangeInclusive<i64>>) -> Self {
        ranges.retain(|range| !range.is_empty());
        ranges.sort_unstable_by_key(|range| *range.start());
        let mut merged: Vec<RangeInclusive<i64>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// The ranges, ascending; no two touch.
    pub(crate) fn ranges(&self) -> &[RangeInclusive<i64>] {
        &self.0
    }

    /// Number of ranges.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Keys in either.
    pub(crate) fn union(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        Self::new(self.0)
    }

    /// Keys in both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common = Vec::new();
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            common.push(*x.start().max(y.start())..=*x.end().min(y.end()));
            if x.end() < y.end() {
                a.next()
            } else {
                b.next()
            };
        }
        Self::new(common)
    }

    /// Whether a key from `min` to `max`, both included, is in the set.
    pub(crate) fn touches(&self, min: i64, max: i64) -> bool {
        let first = self.0.partition_point(|range| *range.end() < min);
        self.0.get(first).is_some_and(|range| *range.start() <= max)
    }

    /// Which of ascending keys are in the set: both are walked through once.
    pub(crate) fn among(&self, keys: &[i64]) -> BooleanBuffer {
        let mut found = BooleanBufferBuilder::new(keys.len());
        let mut ranges = self.0.as_slice();
        while let Some(key) = keys.get(found.len()) {
            ranges = &ranges[ahead(ranges, |range| range.end() < key)..];
            let Some((range, rest)) = ranges.split_first() else { break };
            let before = ahead(&keys[found.len()..], |key| key < range.start());
            found.append_n(before, false);
            let inside = ahead(&keys[found.len()..], |key| key <= range.end());
            found.append_n(inside, true);
            ranges = rest;
        }
        found.append_n(keys.len() - found.len(), false);
        found.finish()
    }
}

/// How many of the first `items` are `before` something, which is likely to be near: steps double until they are too
/// long.
fn ahead<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let mut step = 1;
    while items.get(step - 1).is_some_and(&before) {
        step *= 2;
    }
    let (known, most) = (step / 2, items.len().min(step - 1));
    known + items[known..most].partition_point(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sets() -> impl Strategy<Value = KeyRanges> {
        let range = (-60i64..60, 0i64..9).prop_map(|(start, length)| start..=start + length);
        prop::collection::vec(range, 0..9).prop_map(KeyRanges::new)
    }

    proptest! {
        #[test]
        fn set_operations_agree_with_membership_of_every_key(a in sets(), b in sets(), key in -80i64..80) {
            let has = |set: &KeyRanges| set.touches(key, key);
            prop_assert_eq!(has(&a.intersection(&b)), has(&a) && has(&b));
            prop_assert_eq!(has(&a.clone().union(b.clone())), has(&a) || has(&b));
        }

        #[test]
        fn touching_a_span_is_having_a_key_in_it(a in sets(), min in -80i64..80, length in 0i64..20) {
            let any = (min..=min + length).any(|key| a.touches(key, key));
            prop_assert_eq!(a.touches(min, min + length), any);
        }

        #[test]
        fn a_walk_through_keys_finds_those_in_the_set(a in sets(), mut keys in prop::collection::vec(-80i64..80, 0..60)) {
            keys.sort_unstable();
            let found: Vec<bool> = a.among(&keys).iter().collect();
            let touched: Vec<bool> = keys.iter().map(|key| a.touches(*key, *key)).collect();
            prop_assert_eq!(found, touched);
        }
    }

    #[test]
    fn the_ends_of_the_number_line_do_not_overflow() {
        let all = KeyRanges::new(vec![i64::MIN..=i64::MAX, 3..=4]);
        assert_eq!(all, KeyRanges(vec![i64::MIN..=i64::MAX]));
    }
}
