//! A table's keys in ranges of about as many rows, so that each can be worked on alone.

use std::ops::RangeInclusive;

/// Ranges that together hold the keys of all `pieces`, each with about `rows` rows, as far as that can be told
/// from the rows of each piece. Pieces come in ascending order, equal ones together.
pub(crate) fn of(
    pieces: impl IntoIterator<Item = (RangeInclusive<i64>, u64)>,
    rows: u64,
) -> Vec<RangeInclusive<i64>> {
    let mut spans: Vec<(RangeInclusive<i64>, u64)> = Vec::new();
    for (keys, count) in pieces {
        match spans.last_mut() {
            Some((span, total)) if keys.start() <= span.end() || *total + count <= rows => {
                *span = *span.start()..=*span.end().max(keys.end());
                *total += count;
            }
            _ => spans.push((keys, count)),
        }
    }
    spans.into_iter().flat_map(|(keys, count)| split(keys, count.div_ceil(rows.max(1)))).collect()
}

/// The same keys in equal parts.
fn split(keys: RangeInclusive<i64>, parts: u64) -> impl Iterator<Item = RangeInclusive<i64>> {
    let parts = i64::try_from(parts.max(1)).unwrap_or(i64::MAX);
    let (start, end) = keys.into_inner();
    let step = (end - start) / parts + 1;
    (0..parts).map(move |part| start + part * step..=(start + (part + 1) * step - 1).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pieces_are_joined_and_large_ones_split() {
        let pieces = [(0..=9, 40), (10..=19, 50), (20..=29, 250), (20..=29, 10), (50..=59, 100)];
        assert_eq!(of(pieces, 100), [0..=19, 20..=23, 24..=27, 28..=29, 50..=59]);
    }
}
