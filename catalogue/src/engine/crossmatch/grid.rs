//! How the sky is cut into cells: zones of declination, each cut in right ascension. A position is in one cell;
//! a circle touches few. The poles and RA 0/360 need no special case outside this file.

use std::ops::RangeInclusive;

/// Added to every circle, so that rounding loses nothing: 3.6 microarcseconds. What is close is decided exactly
/// afterwards.
pub(super) const SLACK_DEG: f64 = 1e-9;

/// Cells are at least this high: smaller ones are empty anyway.
const LEAST_CELL_DEG: f64 = 5.0 / 3600.0;

/// Cells are at most this high, unless the circles need more.
const LARGEST_CELL_DEG: f64 = 1.0;

/// Cells for each circle: most positions then fall into an empty one, also where circles are crowded.
const CELLS_PER_CIRCLE: f64 = 512.0;

/// The cells for circles of one radius.
#[derive(Debug)]
pub(super) struct Grid {
    /// Radius of the circles, in degrees, with the slack.
    pub(super) reach_deg: f64,
    /// Where the first zone begins.
    south_deg: f64,
    zones_per_deg: f64,
    /// Cells of each zone.
    zones: Vec<u32>,
}

/// Where circles are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// The lowest declination, in degrees.
    pub(super) south_deg: f64,
    /// The highest declination, in degrees.
    pub(super) north_deg: f64,
    /// Square degrees for each circle.
    pub(super) deg2_each: f64,
}

/// The cell of a right ascension in a zone of so many.
fn cell(cells: u32, ra_deg: f64) -> u32 {
    ((ra_deg * (1.0 / 360.0) * f64::from(cells)) as u32).min(cells - 1)
}

/// The half width in right ascension of a circle, in degrees, 180 when it reaches around a pole.
fn half_width_deg(dec_deg: f64, reach_deg: f64) -> f64 {
    if dec_deg.abs() + reach_deg >= 90.0 {
        return 180.0;
    }
    let sine = reach_deg.to_radians().sin() / dec_deg.to_radians().cos();
    // Close to the poles rounding of the sine counts more than elsewhere.
    sine.min(1.0).asin().to_degrees() * (1.0 + 1e-9) + SLACK_DEG
}

impl Grid {
    /// Cells for circles of at most 90 degrees.
    pub(super) fn new(radius_deg: f64, extent: Extent) -> Self {
        let reach_deg = radius_deg + SLACK_DEG;
        let fitting_deg =
            (extent.deg2_each / CELLS_PER_CIRCLE).sqrt().clamp(LEAST_CELL_DEG, LARGEST_CELL_DEG);
        let height_deg = fitting_deg.max(2.0 * reach_deg);
        let south_deg = (extent.south_deg - reach_deg).max(-90.0);
        let north_deg = (extent.north_deg + reach_deg).min(90.0);
        let count = ((north_deg - south_deg) / height_deg).ceil().max(1.0) as usize;
        let zones = (0..count).map(|zone| {
            let low = south_deg + zone as f64 * height_deg;
            let far = low.abs().max((low + height_deg).abs()).min(90.0);
            (360.0 * far.to_radians().cos() / height_deg).floor().max(1.0) as u32
        });
        Self { reach_deg, south_deg, zones_per_deg: 1.0 / height_deg, zones: zones.collect() }
    }

    fn zone(&self, dec_deg: f64) -> usize {
        (((dec_deg - self.south_deg) * self.zones_per_deg) as usize).min(self.zones.len() - 1)
    }

    /// The cell of a position on the sphere; of the nearest zone where it is in none. `ra_deg` may be any angle.
    pub(super) fn cell(&self, ra_deg: f64, dec_deg: f64) -> u64 {
        let zone = self.zone(dec_deg);
        key(zone, cell(self.zones[zone], turned(ra_deg)))
    }

    /// Calls `touch` once with each cell that the circle around a position touches, and returns the circle's
    /// half width in right ascension.
    pub(super) fn around(&self, ra_deg: f64, dec_deg: f64, mut touch: impl FnMut(u64)) -> f64 {
        let half = half_width_deg(dec_deg, self.reach_deg);
        let ra = turned(ra_deg);
        for zone in self.zone(dec_deg - self.reach_deg)..=self.zone(dec_deg + self.reach_deg) {
            let (cells, wrapped) = window(self.zones[zone], ra, half);
            cells.chain(wrapped).for_each(|cell| touch(key(zone, cell)));
        }
        half
    }
}

/// The cells of a zone within `half` of a right ascension, as at most two disjoint ranges.
fn window(cells: u32, ra: f64, half: f64) -> (RangeInclusive<u32>, RangeInclusive<u32>) {
    let all = (0..=cells - 1, none());
    if half >= 180.0 {
        return all;
    }
    let (low, high) = (ra - half, ra + half);
    let (first, last) = (cell(cells, turned(low)), cell(cells, turned(high)));
    match low < 0.0 || high >= 360.0 {
        false => (first..=last, none()),
        true if first <= last => all,
        true => (first..=cells - 1, 0..=last),
    }
}

fn none() -> RangeInclusive<u32> {
    RangeInclusive::new(1, 0)
}

fn key(zone: usize, cell: u32) -> u64 {
    ((zone as u64) << 32) | u64::from(cell)
}

/// A right ascension within 0 to 360.
fn turned(ra_deg: f64) -> f64 {
    if (0.0..360.0).contains(&ra_deg) { ra_deg } else { ra_deg.rem_euclid(360.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::healpix::separation_deg;

    fn declination() -> impl Strategy<Value = f64> {
        prop_oneof![-90.0..=90.0f64, Just(90.0), Just(-90.0), 89.99..=90.0f64, -90.0..=-89.99f64]
    }

    fn right_ascension() -> impl Strategy<Value = f64> {
        prop_oneof![0.0..360.0f64, Just(0.0), Just(360.0), Just(-1e-30), 359.999..360.0f64, 0.0..0.001f64]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn a_position_inside_a_circle_is_in_one_of_its_cells(
            ra in right_ascension(), dec in declination(), log_radius in -8.0..1.9f64,
            north in -1.0..=1.0f64, east in -1.0..=1.0f64, other in right_ascension(),
            south in -90.0..=90.0f64, deg2_each in 1e-9..1e3f64,
        ) {
            let radius = 10f64.powf(log_radius);
            let extent = Extent { south_deg: dec.min(south), north_deg: dec, deg2_each };
            let grid = Grid::new(radius, extent);
            let mut cells = Vec::new();
            grid.around(ra, dec, |cell| cells.push(cell));
            let dec2 = (dec + north * radius).clamp(-90.0, 90.0);
            let near_pole = dec2.to_radians().cos() < 1e-3;
            let ra2 = if near_pole { other } else { ra + east * radius / dec2.to_radians().cos() };
            if separation_deg(ra, dec, ra2, dec2) <= radius {
                let cell = grid.cell(ra2, dec2);
                prop_assert_eq!(cells.iter().filter(|touched| **touched == cell).count(), 1);
            }
        }
    }
}
