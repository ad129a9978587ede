//! The cover of a cone: few ranges of order-29 pixels that contain every position inside.
//!
//! A cover may contain positions outside the cone; whoever uses it tests the distance exactly at the end.

use std::ops::RangeInclusive;

use super::ranges::merge_nearest;
use super::{ORDER, tile_range};

/// Cells of the cover are about this many times smaller than the cone: finer costs time and is merged anyway.
const CELLS_PER_RADIUS: f64 = 16.0;

/// The finest cells of a cover, 3 mas wide: below, rounding of the input positions is no longer negligible.
const FINEST_ORDER: u8 = 26;

/// Added to the radius so that a position on the edge is not lost to rounding: 0.36 microarcseconds.
const MARGIN_DEG: f64 = 1e-10;

/// From here on a cover is the whole sky: the approximation below loses positions of very wide cones, and
/// they select most of the sky anyway.
const WHOLE_SKY_FROM_DEG: f64 = 60.0;

/// Ranges of order-29 pixels, sorted and disjoint, at most `max_ranges` (at least one), that contain every
/// position within `radius_deg` of (`ra_deg`, `dec_deg`). The declination must be within -90..=90.
pub fn cone_ranges(
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
    max_ranges: usize,
) -> Vec<RangeInclusive<i64>> {
    let radius_deg = radius_deg.max(0.0) + MARGIN_DEG;
    if radius_deg >= WHOLE_SKY_FROM_DEG {
        return vec![tile_range(0, 0).start().to_owned()..=tile_range(0, 11).end().to_owned()];
    }
    let order = cover_order(radius_deg);
    let ra = ra_deg.rem_euclid(360.0).to_radians();
    let cells =
        cdshealpix::nested::cone_coverage_approx(order, ra, dec_deg.to_radians(), radius_deg.to_radians());
    let ranges = cells
        .to_ranges()
        .iter()
        .map(|range| *tile_range(order, range.start).start()..=*tile_range(order, range.end - 1).end())
        .collect();
    merge_nearest(ranges, max_ranges)
}

/// The coarsest order whose cells are small against the cone. A cell of order 0 is about 58.6 degrees wide.
fn cover_order(radius_deg: f64) -> u8 {
    let cell_deg = radius_deg / CELLS_PER_RADIUS;
    let order = (58.6 / cell_deg).log2().ceil().max(0.0);
    (order as u8).min(FINEST_ORDER.min(ORDER))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{hash29, separation_deg};
    use super::*;

    /// The point at a distance and bearing from another, in degrees.
    fn destination(ra: f64, dec: f64, distance: f64, bearing: f64) -> (f64, f64) {
        let (sin_dec, cos_dec) = dec.to_radians().sin_cos();
        let (sin_d, cos_d) = distance.to_radians().sin_cos();
        let (sin_b, cos_b) = bearing.to_radians().sin_cos();
        let dec2 = (sin_dec * cos_d + cos_dec * sin_d * cos_b).clamp(-1.0, 1.0).asin();
        let dra = (sin_b * sin_d * cos_dec).atan2(cos_d - sin_dec * dec2.sin());
        ((ra + dra.to_degrees()).rem_euclid(360.0), dec2.to_degrees())
    }

    fn declination() -> impl Strategy<Value = f64> {
        prop_oneof![-90.0..=90.0f64, Just(90.0), Just(-90.0), 89.9..=90.0f64, -90.0..=-89.9f64]
    }

    fn right_ascension() -> impl Strategy<Value = f64> {
        prop_oneof![0.0..360.0f64, Just(0.0), Just(359.999_999), Just(90.0)]
    }

    #[test]
    fn a_cone_over_most_of_the_sky_loses_nothing_behind_it() {
        let (ra, dec) = (180.0, 22.952_636_451_564_487);
        let ranges = cone_ranges(0.0, 0.0, 157.2, 2);
        assert!(ranges.iter().any(|range| range.contains(&hash29(ra, dec))), "{ranges:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_position_inside_the_cone_is_covered(
            ra in right_ascension(), dec in declination(), log_radius in -9.0..2.2f64,
            max_ranges in 1usize..40, points in prop::collection::vec((0.0..=1.0f64, 0.0..360.0f64), 50),
        ) {
            let radius = 10f64.powf(log_radius).min(180.0);
            let ranges = cone_ranges(ra, dec, radius, max_ranges);
            prop_assert!((1..=max_ranges).contains(&ranges.len()));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end() < pair[1].start()));
            for (part, bearing) in points {
                let (ra2, dec2) = destination(ra, dec, radius * part.sqrt(), bearing);
                if separation_deg(ra, dec, ra2, dec2) <= radius {
                    let hash = hash29(ra2, dec2);
                    prop_assert!(ranges.iter().any(|range| range.contains(&hash)), "{ra2} {dec2}");
                }
            }
        }

        #[test]
        fn a_cover_with_many_ranges_is_not_much_larger_than_the_cone(
            ra in right_ascension(), dec in -89.0..89.0f64, log_radius in -4.0..1.0f64,
        ) {
            let radius = 10f64.powf(log_radius);
            let pixels: f64 =
                cone_ranges(ra, dec, radius, usize::MAX).iter().map(|r| (r.end() - r.start() + 1) as f64).sum();
            let covered = pixels / super::super::tiles(ORDER) as f64;
            let cone = (radius.to_radians() / 2.0).sin().powi(2);
            prop_assert!(covered < 1.6 * cone, "{covered} of {cone}");
        }
    }

    #[test]
    fn a_cone_around_everything_is_one_range() {
        assert_eq!(cone_ranges(10.0, 20.0, 180.0, 8), vec![0..=(12i64 << 58) - 1]);
    }

    #[test]
    fn a_cone_across_ra_zero_covers_both_sides() {
        let ranges = cone_ranges(0.0, 0.0, 1.0, 16);
        for ra in [359.2, 0.0, 0.8] {
            assert!(ranges.iter().any(|range| range.contains(&hash29(ra, 0.0))), "{ra}");
        }
    }
}
