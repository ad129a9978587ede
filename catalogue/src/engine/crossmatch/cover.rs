//! Which part of the sky a match reads: HEALPix cells around positions, as ranges of keys of order 29. They are so fine
//! that few rows have their keys and no partner.

use crate::engine::keys::KeyRanges;
use crate::healpix::{self, ORDER};

use super::positions::Positions;

/// Cells of a cover, at most: what a chunk needs, and less than everything of many collected rows.
const CELLS: usize = 1 << 18;

/// How much larger cells are than those whose neighbours hold a circle around them, as a power of two: most circles are
/// then inside one.
const LARGER: u8 = 3;

/// The key of a row without a position: no cell has it, and it sorts last.
pub(super) const NOWHERE: i64 = i64::MAX;

/// The keys of positions.
pub(super) fn keys(positions: &Positions) -> Vec<i64> {
    let key = |row| positions.get(row).and_then(|(ra, dec)| healpix::try_hash29(ra, dec));
    (0..positions.len()).map(|row| key(row).unwrap_or(NOWHERE)).collect()
}

/// Square degrees of the cells that have a key, about a quarter of a degree wide.
pub(super) fn area_deg2(keys: &[i64]) -> f64 {
    const ORDER: u8 = 8;
    const SPHERE_DEG2: f64 = 41_252.961_249_419_27;
    let mut cells: Vec<u64> =
        keys.iter().filter(|key| **key != NOWHERE).map(|key| healpix::tile_of(ORDER, *key)).collect();
    cells.sort_unstable();
    cells.dedup();
    cells.len() as f64 * SPHERE_DEG2 / healpix::tiles(ORDER) as f64
}

/// Ranges that hold every key of a position within `reach_deg` of one with a key among `keys`.
pub(super) fn around(mut keys: Vec<i64>, reach_deg: f64) -> KeyRanges {
    let reach = reach_deg.to_radians();
    keys.retain(|key| *key != NOWHERE);
    if keys.is_empty() {
        return KeyRanges::new(Vec::new());
    }
    if !cdshealpix::has_best_starting_depth(reach) {
        return KeyRanges::new(vec![0..=i64::MAX - 1]);
    }
    // The cell of a position and its neighbours hold a circle that is smaller than the smallest cell.
    let fine = cdshealpix::best_starting_depth(reach).min(ORDER);
    let mut order = fine.saturating_sub(LARGER);
    let mut cells = touched(&keys, fine, order);
    while cells.len() > CELLS && order > 0 {
        order -= 1;
        cells.iter_mut().for_each(|cell| *cell >>= 2);
        cells.dedup();
    }
    let runs = cells.chunk_by(|a, b| a + 1 == *b);
    let range =
        |first, last| *healpix::tile_range(order, first).start()..=*healpix::tile_range(order, last).end();
    KeyRanges::new(runs.map(|run| range(run[0], run[run.len() - 1])).collect())
}

/// The cells of `order` that the cells of order `fine` of keys touch or have for neighbours, ascending.
fn touched(keys: &[i64], fine: u8, order: u8) -> Vec<u64> {
    let (layer, levels) = (cdshealpix::nested::get(fine), fine - order);
    let mut cells: Vec<u64> = keys.iter().map(|key| healpix::tile_of(order, *key)).collect();
    cells.dedup();
    let (mut beside, mut neighbours) = (Vec::new(), Vec::with_capacity(8));
    let mut at_edge: Vec<u64> = keys.iter().map(|key| healpix::tile_of(fine, *key)).collect();
    at_edge.retain(|cell| is_at_edge(*cell, levels));
    at_edge.dedup();
    for cell in at_edge {
        layer.append_bulk_neighbours(cell, &mut neighbours);
        let first = beside.len();
        for near in neighbours.drain(..).map(|neighbour| neighbour >> (2 * levels)) {
            if near != cell >> (2 * levels) && !beside[first..].contains(&near) {
                beside.push(near);
            }
        }
    }
    beside.sort_unstable();
    // Keys mostly ascend. Two parts in order are only merged.
    cells.append(&mut beside);
    cells.sort();
    cells.dedup();
    cells
}

/// Whether a cell is at the edge of the one that it belongs to so many levels up. Bits of a cell's number are those of
/// its place in either direction, in turn.
fn is_at_edge(cell: u64, levels: u8) -> bool {
    let inside = (1u64 << (2 * levels)) - 1;
    [0x5555_5555_5555_5555 & inside, 0xaaaa_aaaa_aaaa_aaaa & inside]
        .into_iter()
        .any(|bits| cell & bits == 0 || cell & bits == bits)
}

#[cfg(test)]
mod tests {
    use arrow::buffer::ScalarBuffer;
    use proptest::prelude::*;

    use super::*;
    use crate::healpix::{hash29, separation_deg};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_close_to_a_position_is_covered(
            ra in 0.0..360.0f64, dec in prop_oneof![-90.0..=90.0f64, 89.9..=90.0f64, Just(-90.0)],
            log_radius in -9.0..1.0f64, north in -1.0..=1.0f64, east in -1.0..=1.0f64,
        ) {
            let radius = 10f64.powf(log_radius);
            let positions = Positions { ra: ScalarBuffer::from(vec![ra, f64::NAN]), dec: ScalarBuffer::from(vec![dec, 0.0]) };
            let cover = around(keys(&positions), radius);
            let dec2 = (dec + north * radius).clamp(-90.0, 90.0);
            let ra2 = ra + east * radius / dec2.to_radians().cos().max(1e-9);
            if separation_deg(ra, dec, ra2, dec2) <= radius {
                let key = hash29(ra2, dec2);
                prop_assert!(cover.touches(key, key));
            }
        }
    }

    #[test]
    fn hardly_more_than_circles_is_covered() {
        let keys: Vec<i64> = (0..1_000i64).map(|n| n * 3_458_764_513_820_541).collect();
        let (radius_deg, count) = (1.0 / 3600.0, keys.len() as f64);
        let cover = around(keys, radius_deg);
        let covered: i64 = cover.ranges().iter().map(|range| range.end() - range.start() + 1).sum();
        let square_deg = covered as f64 / (12u64 << 58) as f64 * 41_253.0;
        let circle_deg2 = std::f64::consts::PI * radius_deg * radius_deg;
        assert!(square_deg < 200.0 * count * circle_deg2, "{}", square_deg / count / circle_deg2);
    }

    #[test]
    fn many_positions_have_a_cover_of_few_ranges() {
        let keys = (0..100_000i64).map(|n| n * 28_823_037_615_171).collect();
        let cover = around(keys, 1.0 / 3600.0);
        assert!(cover.len() <= CELLS, "{}", cover.len());
    }
}
