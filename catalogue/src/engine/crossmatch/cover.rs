//! Which part of the sky a match reads: HEALPix cells around positions, as ranges of keys of order 29.

use crate::engine::keys::KeyRanges;
use crate::healpix::{self, ORDER};

use super::positions::Positions;

/// Cells of one cover, before their neighbours, up to which every position has its own: ten thousand positions all
/// over the sky leave out the pages between them.
const OWN_CELLS: usize = 32_768;

/// Cells of a cover of more positions: these leave few pages out, and each cell costs time.
const CELLS: usize = 8_192;

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
    let mut order = cdshealpix::best_starting_depth(reach).min(ORDER);
    let mut cells: Vec<u64> = keys.into_iter().map(|key| healpix::tile_of(order, key)).collect();
    cells.sort_unstable();
    cells.dedup();
    let most = if cells.len() > OWN_CELLS { CELLS } else { OWN_CELLS };
    while cells.len() > most && order > 0 {
        order -= 1;
        cells.iter_mut().for_each(|cell| *cell >>= 2);
        cells.dedup();
    }
    with_neighbours(order, cells)
}

fn with_neighbours(order: u8, cells: Vec<u64>) -> KeyRanges {
    let layer = cdshealpix::nested::get(order);
    let mut all = Vec::with_capacity(9 * cells.len());
    for cell in cells {
        all.push(cell);
        layer.append_bulk_neighbours(cell, &mut all);
    }
    all.sort_unstable();
    all.dedup();
    let runs = all.chunk_by(|a, b| a + 1 == *b);
    let range =
        |first, last| *healpix::tile_range(order, first).start()..=*healpix::tile_range(order, last).end();
    KeyRanges::new(runs.map(|run| range(run[0], run[run.len() - 1])).collect())
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
    fn many_positions_have_a_cover_of_few_ranges() {
        let keys = (0..100_000i64).map(|n| n * 28_823_037_615_171).collect();
        let cover = around(keys, 1.0 / 3600.0);
        assert!(cover.len() <= 9 * CELLS, "{}", cover.len());
    }
}
