//! An ellipse on the sphere: every position whose distances to two foci add up to at most the major axis.
//!
//! That is the section of the sphere by an elliptical cone whose half-openings are the semi-axes.

use super::error::{RegionError, position};
use crate::healpix::Vector;

/// A spherical ellipse with its inside and its edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    foci: [Vector; 2],
    semi_major_rad: f64,
}

impl Ellipse {
    /// The ellipse around a position. The semi-major axis points `angle_deg` from north through east and is less
    /// than 90 degrees; the semi-minor axis is not longer than it, and not zero.
    pub fn new(
        [ra_deg, dec_deg]: [f64; 2],
        semi_major_deg: f64,
        semi_minor_deg: f64,
        angle_deg: f64,
    ) -> Result<Self, RegionError> {
        position(ra_deg, dec_deg)?;
        let size = |name, value, range| Err(RegionError::Size { name, value, range });
        if !(semi_major_deg > 0.0 && semi_major_deg < 90.0) {
            return size("semi-major axis", semi_major_deg, "more than 0 and less than 90");
        }
        if !(semi_minor_deg > 0.0 && semi_minor_deg <= semi_major_deg) {
            return size(
                "semi-minor axis",
                semi_minor_deg,
                "more than 0 and at most the semi-major axis, in",
            );
        }
        if !angle_deg.is_finite() {
            return Err(RegionError::Angle(angle_deg));
        }
        let (a, b) = (semi_major_deg.to_radians(), semi_minor_deg.to_radians());
        // cos a = cos b cos c on the triangle of centre, focus and end of the minor axis, solved for c without
        // losing small angles: sin^2 c = (sin^2 a - sin^2 b) / cos^2 b.
        let sin_c = ((a + b).sin() * (a - b).sin()).max(0.0).sqrt() / b.cos();
        let (sin_c, cos_c) = (sin_c.min(1.0), a.cos() / b.cos());
        let (east, north) = Vector::east_and_north(ra_deg, dec_deg);
        let (sin_angle, cos_angle) = angle_deg.to_radians().sin_cos();
        let along = north * cos_angle + east * sin_angle;
        let centre = Vector::of_degrees(ra_deg, dec_deg);
        let focus = |side: f64| (centre * cos_c + along * (side * sin_c)).unit();
        Ok(Self { foci: [focus(1.0), focus(-1.0)], semi_major_rad: a })
    }

    pub(super) fn contains(&self, place: Vector) -> bool {
        self.clearance_rad(place) >= 0.0
    }

    /// At most the distance to the edge in radians, negative outside: the sum of the two distances changes by at
    /// most twice the way.
    pub(super) fn clearance_rad(&self, place: Vector) -> f64 {
        self.semi_major_rad - (self.foci[0].angle_to(place) + self.foci[1].angle_to(place)) / 2.0
    }
}
