//! Sets of order-29 pixels as sorted, disjoint ranges.

use std::ops::RangeInclusive;

/// Closes the smallest gaps of sorted, disjoint ranges until at most `max_ranges` (at least one) are left.
pub(super) fn merge_nearest(ranges: Vec<RangeInclusive<i64>>, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
    let gap = |i: usize| ranges[i].start() - ranges[i - 1].end();
    let mut by_gap: Vec<usize> = (1..ranges.len()).collect();
    by_gap.sort_by_key(|&i| std::cmp::Reverse(gap(i)));
    by_gap.retain(|&i| gap(i) > 1);
    by_gap.truncate(max_ranges.max(1) - 1);
    by_gap.sort_unstable();
    let starts = std::iter::once(0).chain(by_gap.iter().copied());
    let ends = by_gap.iter().copied().chain(std::iter::once(ranges.len()));
    starts
        .zip(ends)
        .filter(|(start, end)| start < end)
        .map(|(start, end)| *ranges[start].start()..=*ranges[end - 1].end())
        .collect()
}
