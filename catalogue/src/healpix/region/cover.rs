//! The cover of a region: few ranges of order-29 pixels that contain every position inside, and some outside.
//!
//! Cells are kept or dropped by the distance of their centre from the region's edge, against a circle that
//! holds the whole cell. So nothing can be lost, whatever the shape, and no case is special: not the poles, not RA 0.

use std::ops::RangeInclusive;

use crate::healpix::ranges::merge_nearest;
use crate::healpix::{Vector, tile_range, tiles};

/// Cells at the edge of a cover, at most: more are finer, and each costs the distance to every edge.
const EDGE_CELLS: usize = 1_024;

/// The finest cells of a cover, 3 mas wide: below, rounding of the input positions is no longer negligible.
const FINEST_ORDER: u8 = 26;

/// A cell is inside the circle through its corners, but for the bulge of its sides and for rounding.
const BULGE: f64 = 1.05;

/// Ranges of order-29 pixels, sorted and disjoint, at most `max_ranges`, that contain every position where
/// `clearance_rad`, at most the distance to the edge and negative outside, is not negative.
pub(super) fn cover(clearance_rad: impl Fn(Vector) -> f64, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
    let mut kept = Vec::new();
    let mut open: Vec<u64> = (0..tiles(0)).collect();
    let mut order = 0;
    loop {
        open.retain(|npix| {
            let (centre, radius) = circle_around(order, *npix);
            let clearance = clearance_rad(centre);
            if clearance >= radius {
                kept.push(tile_range(order, *npix));
            }
            clearance.abs() < radius
        });
        if order == FINEST_ORDER || open.len() * 2 > EDGE_CELLS {
            break;
        }
        open = open.iter().flat_map(|npix| (4 * npix)..(4 * npix + 4)).collect();
        order += 1;
    }
    kept.extend(open.iter().map(|npix| tile_range(order, *npix)));
    kept.sort_unstable_by_key(|range| *range.start());
    merge_nearest(kept, max_ranges)
}

/// The centre of a cell and a radius within which all of it lies.
fn circle_around(order: u8, npix: u64) -> (Vector, f64) {
    let (ra, dec) = cdshealpix::nested::center(order, npix);
    let centre = Vector::of_degrees(ra.to_degrees(), dec.to_degrees());
    let corners = cdshealpix::nested::vertices(order, npix);
    let corners = corners.map(|(ra, dec)| Vector::of_degrees(ra.to_degrees(), dec.to_degrees()));
    (centre, corners.iter().map(|corner| centre.angle_to(*corner)).fold(0.0, f64::max) * BULGE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::healpix::{hash29, tile_of};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_cell_lies_in_its_circle(ra in 0.0..360.0, sin_dec in -1.0..=1.0f64, order in 0u8..=26) {
            let dec = sin_dec.asin().to_degrees();
            let (centre, radius) = circle_around(order, tile_of(order, hash29(ra, dec)));
            let angle = centre.angle_to(Vector::of_degrees(ra, dec));
            prop_assert!(angle <= radius, "{angle} of {radius}");
        }
    }
}
