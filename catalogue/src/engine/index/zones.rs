//! Bounds of one key column, page by page, in 32 bits each: the spread of the column's keys over a table is cut
//! into at most 2^32 equal steps, and a page is known by the steps of its smallest and its largest key.

use std::ops::RangeInclusive;

use arrow::buffer::ScalarBuffer;

use crate::engine::keys::KeyRanges;

/// Bounds of a page without keys, which nothing touches.
const NOTHING: (u32, u32) = (u32::MAX, 0);

/// Which step a key is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// The smallest key of the column.
    pub(super) least: i64,
    /// The largest key of the column.
    pub(super) largest: i64,
}

impl Scale {
    fn shift(self) -> u32 {
        let span = self.largest.wrapping_sub(self.least) as u64;
        (u64::BITS - span.leading_zeros()).saturating_sub(u32::BITS)
    }

    /// The step of a key from `least` to `largest`.
    fn step(self, key: i64) -> u32 {
        (key.wrapping_sub(self.least) as u64 >> self.shift()) as u32
    }
}

/// The bounds of all pages of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zones {
    pub(super) scale: Scale,
    pub(super) min: ScalarBuffer<u32>,
    /// Absent when the keys ascend over the whole table: then a page ends where the next one begins.
    pub(super) max: Option<ScalarBuffer<u32>>,
}

impl Zones {
    /// From the smallest and largest key of every page; `None` for a page without keys.
    pub(super) fn new(bounds: &[Option<(i64, i64)>]) -> Self {
        let known = || bounds.iter().flatten();
        let scale = Scale {
            least: known().map(|(min, _)| *min).min().unwrap_or(0),
            largest: known().map(|(_, max)| *max).max().unwrap_or(0),
        };
        let steps = |bounds: &Option<(i64, i64)>| {
            bounds.map_or(NOTHING, |(min, max)| (scale.step(min), scale.step(max)))
        };
        let (min, max): (Vec<u32>, Vec<u32>) = bounds.iter().map(steps).unzip();
        let ascends = |pair: &[Option<(i64, i64)>]| match (pair[0], pair[1]) {
            (Some((_, end)), Some((start, _))) => end <= start,
            _ => false,
        };
        let ascending = bounds.windows(2).all(ascends) && bounds.iter().all(Option::is_some);
        Self { scale, min: min.into(), max: (!ascending).then(|| max.into()) }
    }

    /// The smallest and largest step of a page.
    pub(super) fn page(&self, page: usize) -> (u32, u32) {
        let max = match &self.max {
            Some(max) => max[page],
            None => self.min.get(page + 1).copied().unwrap_or(u32::MAX),
        };
        (self.min[page], max)
    }

    /// Whether keys ascend over the whole table.
    pub(super) fn ascend(&self) -> bool {
        self.max.is_none()
    }

    /// No key of a page is smaller than this, and none of the pages before is larger but by a step.
    pub(super) fn least_key(&self, page: usize) -> i64 {
        self.scale.least.wrapping_add(((u64::from(self.min[page])) << self.scale.shift()) as i64)
    }

    /// The smallest and largest step of several pages.
    pub(super) fn hull(&self, pages: impl Iterator<Item = usize>) -> (u32, u32) {
        pages.map(|page| self.page(page)).fold(NOTHING, |a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        4 * (self.min.len() + self.max.as_ref().map_or(0, |max| max.len()))
    }

    /// The steps of keys.
    pub(super) fn round(&self, keys: &KeyRanges) -> Rounded<'_> {
        let Scale { least, largest } = self.scale;
        let inside = |range: &&RangeInclusive<i64>| *range.start() <= largest && *range.end() >= least;
        let steps = keys.ranges().iter().filter(inside).map(|range| {
            (self.scale.step(*range.start().max(&least)), self.scale.step(*range.end().min(&largest)))
        });
        Rounded { zones: self, steps: steps.collect() }
    }
}

/// Keys in steps.
pub(super) struct Rounded<'a> {
    zones: &'a Zones,
    /// Ascending by both bounds; neighbours may share a step.
    steps: Vec<(u32, u32)>,
}

impl Rounded<'_> {
    /// Whether any of the keys may be from step `min` to step `max`.
    pub(super) fn touches(&self, min: u32, max: u32) -> bool {
        let first = self.steps.partition_point(|(_, end)| *end < min);
        self.steps.get(first).is_some_and(|(start, _)| *start <= max && min <= max)
    }

    /// Whether any of the keys may be in a page.
    pub(super) fn touch_page(&self, page: usize) -> bool {
        let (min, max) = self.zones.page(page);
        self.touches(min, max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page() -> impl Strategy<Value = Option<(i64, i64)>> {
        let key = prop_oneof![any::<i64>(), -40i64..40, Just(i64::MIN), Just(i64::MAX)];
        prop::option::weighted(0.9, (key.clone(), key).prop_map(|(a, b)| (a.min(b), a.max(b))))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_page_with_a_wanted_key_is_touched(
            mut pages in prop::collection::vec(page(), 1..12), sorted in any::<bool>(), low in any::<i64>(),
            length in prop_oneof![0i64..5, any::<i64>().prop_map(i64::saturating_abs)],
        ) {
            if sorted {
                let mut keys: Vec<i64> = pages.iter().flatten().flat_map(|(a, b)| [*a, *b]).collect();
                keys.sort_unstable();
                pages = keys.chunks(2).map(|pair| Some((pair[0], pair[1]))).collect();
            }
            let keys = KeyRanges::new(vec![low..=low.saturating_add(length)]);
            let zones = Zones::new(&pages);
            let rounded = zones.round(&keys);
            for (number, page) in pages.iter().enumerate() {
                if page.is_some_and(|(min, max)| keys.touches(min, max)) {
                    prop_assert!(rounded.touch_page(number), "{page:?} {keys:?}");
                }
            }
        }
    }

    #[test]
    fn steps_are_fine_enough_to_tell_pages_apart() {
        let pages: Vec<_> = (0..1_000i64).map(|page| Some((page << 50, (page << 50) + 1_000))).collect();
        let zones = Zones::new(&pages);
        let keys = KeyRanges::new(vec![(7 << 50) + 3..=(7 << 50) + 4]);
        let rounded = zones.round(&keys);
        let touched: Vec<usize> = (0..1_000).filter(|&page| rounded.touch_page(page)).collect();
        assert_eq!((touched, zones.max), (vec![6, 7], None), "the page before may reach to the next one");
    }

    #[test]
    fn a_page_without_keys_is_never_touched() {
        let zones = Zones::new(&[None, Some((1, 2))]);
        let all = KeyRanges::new(vec![i64::MIN..=i64::MAX]);
        let rounded = zones.round(&all);
        assert_eq!((rounded.touch_page(0), rounded.touch_page(1)), (false, true));
    }
}
