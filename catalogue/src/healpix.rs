//! HEALPix (nested) as the catalogue uses it: every row has its pixel of order 29, every tile is a range of them.
//!
//! A thin, typed layer over `cdshealpix`: degrees outside, `i64` for order 29 because Parquet and HATS have no
//! unsigned column there. Other numbering schemes do not exist here.

mod cone;
mod ranges;
mod region;
mod sphere;
mod vector;

use std::ops::RangeInclusive;

pub use cone::cone_ranges;
pub use region::{Circle, Ellipse, MAX_CORNERS, Moc, Polygon, Region, RegionError};
pub use sphere::separation_deg;
pub use vector::Vector;

/// The order of the index column of every table.
pub const ORDER: u8 = 29;

/// The name of the index column (HATS, IVOA Note 1.0, section on the spatial index).
pub const COLUMN: &str = "_healpix_29";

/// The pixel of order 29 of a position in degrees. `ra_deg` may be any finite angle; `dec_deg` must be
/// within -90..=90 (panics otherwise: check what comes from outside with [`try_hash29`]).
pub fn hash29(ra_deg: f64, dec_deg: f64) -> i64 {
    try_hash29(ra_deg, dec_deg).expect("a position on the sphere")
}

/// The pixel of order 29 of a position in degrees, or `None` when it is no position on the sphere.
pub fn try_hash29(ra_deg: f64, dec_deg: f64) -> Option<i64> {
    if !ra_deg.is_finite() || !(-90.0..=90.0).contains(&dec_deg) {
        return None;
    }
    let ra = ra_deg.rem_euclid(360.0).to_radians();
    Some(signed(cdshealpix::nested::hash(ORDER, ra, dec_deg.to_radians())))
}

/// The tile of `order` that contains a pixel of order 29.
pub fn tile_of(order: u8, hash29: i64) -> u64 {
    (hash29 as u64) >> shift(order)
}

/// The pixels of order 29 inside a tile.
pub fn tile_range(order: u8, npix: u64) -> RangeInclusive<i64> {
    let first = npix << shift(order);
    signed(first)..=signed(first + ((1 << shift(order)) - 1))
}

/// The number of tiles of an order on the whole sphere.
pub fn tiles(order: u8) -> u64 {
    12 << (2 * u32::from(order))
}

/// The centre of a tile as (ra, dec) in degrees, ra within 0..360.
pub fn centre(order: u8, npix: u64) -> (f64, f64) {
    let (ra, dec) = cdshealpix::nested::center(order, npix);
    (ra.to_degrees().rem_euclid(360.0), dec.to_degrees())
}

fn shift(order: u8) -> u32 {
    2 * u32::from(ORDER - order)
}

/// Order 29 has 12 * 2^58 pixels, so its numbers fit into 62 bits.
fn signed(pixel: u64) -> i64 {
    pixel as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_position_lies_in_its_tile_of_every_order(ra in 0.0..360.0, dec in -90.0..=90.0f64, order in 0u8..=29) {
            let hash = hash29(ra, dec);
            let tile = tile_of(order, hash);
            prop_assert!(tile < tiles(order));
            prop_assert!(tile_range(order, tile).contains(&hash));
            prop_assert_eq!(tile, cdshealpix::nested::hash(order, ra.to_radians(), dec.to_radians()));
        }

        #[test]
        fn the_centre_of_a_tile_is_inside_it(order in 0u8..=29, part in 0.0..1.0f64) {
            let npix = ((tiles(order) as f64 * part) as u64).min(tiles(order) - 1);
            let (ra, dec) = centre(order, npix);
            prop_assert_eq!(tile_of(order, hash29(ra, dec)), npix);
        }
    }

    #[test]
    fn what_is_no_position_has_no_pixel() {
        for (ra, dec) in [(f64::NAN, 0.0), (f64::INFINITY, 0.0), (0.0, 90.000_001), (0.0, f64::NAN)] {
            assert_eq!(try_hash29(ra, dec), None, "({ra}, {dec})");
        }
        assert_eq!(try_hash29(-1.0, 5.0), try_hash29(359.0, 5.0));
    }
}
