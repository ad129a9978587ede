//! Regions of the sky: which positions are inside, exactly, and which HEALPix pixels can hold such positions.
//!
//! All angles that come in are in degrees, ICRS. Nothing here knows SQL or files.

mod arc;
mod circle;
mod cover;
mod ellipse;
mod error;
mod moc;
mod outline;
mod polygon;
mod relation;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use circle::Circle;
pub use ellipse::Ellipse;
pub use error::RegionError;
pub use moc::Moc;
pub use polygon::{MAX_CORNERS, Polygon};

use super::ranges::merge_nearest;
use super::{Vector, cone_ranges};

/// A part of the sky with its edge.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    /// Everything within a radius.
    Circle(Circle),
    /// Everything whose distances to two foci add up to at most a length.
    Ellipse(Ellipse),
    /// The smaller side of an outline of great circles; boxes are polygons.
    Polygon(Polygon),
    /// Any set of HEALPix cells.
    Moc(Moc),
}

impl Region {
    /// Whether a position in degrees is inside or on the edge; what is no position on the sphere is not.
    pub fn contains(&self, ra_deg: f64, dec_deg: f64) -> bool {
        if !ra_deg.is_finite() || !(-90.0..=90.0).contains(&dec_deg) {
            return false;
        }
        match self {
            Self::Circle(circle) => circle.contains(ra_deg, dec_deg),
            Self::Ellipse(ellipse) => ellipse.contains(Vector::of_degrees(ra_deg, dec_deg)),
            Self::Polygon(polygon) => polygon.contains(Vector::of_degrees(ra_deg, dec_deg)),
            Self::Moc(moc) => moc.contains(ra_deg, dec_deg),
        }
    }

    /// Ranges of order-29 pixels, sorted and disjoint, at most `max_ranges` (at least one), that contain every
    /// position inside, and some outside.
    pub fn cover(&self, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
        match self {
            Self::Circle(circle) => {
                let (ra, dec) = circle.centre_deg();
                cone_ranges(ra, dec, circle.radius_deg(), max_ranges)
            }
            Self::Ellipse(ellipse) => cover::cover(|place| ellipse.clearance_rad(place), max_ranges),
            Self::Polygon(polygon) => cover::cover(|place| polygon.clearance_rad(place), max_ranges),
            Self::Moc(moc) => merge_nearest(moc.ranges().to_vec(), max_ranges),
        }
    }

    /// Its area in square degrees; `None` for an ellipse, which has no closed formula.
    pub fn area_deg2(&self) -> Option<f64> {
        let area_sr = match self {
            Self::Circle(circle) => circle.area_sr(),
            Self::Polygon(polygon) => polygon.area_sr(),
            Self::Moc(moc) => moc.area_sr(),
            Self::Ellipse(_) => return None,
        };
        Some(area_sr * 1f64.to_degrees().powi(2))
    }

    /// The position of its centre of area as (ra, dec) in degrees; `None` for an ellipse or a MOC.
    pub fn centroid_deg(&self) -> Option<(f64, f64)> {
        match self {
            Self::Circle(circle) => Some(circle.centre_deg()),
            Self::Polygon(polygon) => Some(polygon.centroid().to_degrees()),
            Self::Ellipse(_) | Self::Moc(_) => None,
        }
    }
}
