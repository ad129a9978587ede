//! A circle on the sphere: every position at most a radius away from a centre.

use std::f64::consts::{PI, TAU};

use super::error::{RegionError, position};
use crate::healpix::{Vector, separation_deg};

/// A small circle with its inside and its edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
}

impl Circle {
    /// The circle around a position; a radius of 0 is the position alone, of 180 the whole sky.
    pub fn new(ra_deg: f64, dec_deg: f64, radius_deg: f64) -> Result<Self, RegionError> {
        position(ra_deg, dec_deg)?;
        if !(0.0..=180.0).contains(&radius_deg) {
            return Err(RegionError::Size { name: "radius", value: radius_deg, range: "0 to 180" });
        }
        Ok(Self { ra_deg, dec_deg, radius_deg })
    }

    /// Its centre as (ra, dec) in degrees.
    pub fn centre_deg(&self) -> (f64, f64) {
        (self.ra_deg, self.dec_deg)
    }

    /// Its radius in degrees.
    pub fn radius_deg(&self) -> f64 {
        self.radius_deg
    }

    /// Most positions are far in declination alone, which is cheap to see.
    pub(super) fn contains(&self, ra_deg: f64, dec_deg: f64) -> bool {
        (dec_deg - self.dec_deg).abs() <= self.radius_deg + 1e-9
            && separation_deg(ra_deg, dec_deg, self.ra_deg, self.dec_deg) <= self.radius_deg
    }

    /// The distance to the edge in radians, negative outside.
    pub(super) fn clearance_rad(&self, place: Vector) -> f64 {
        self.radius_deg.to_radians() - self.centre().angle_to(place)
    }

    pub(super) fn centre(&self) -> Vector {
        Vector::of_degrees(self.ra_deg, self.dec_deg)
    }

    /// The circle of everything that is outside.
    pub(super) fn outside(&self) -> Self {
        Self {
            ra_deg: (self.ra_deg + 180.0).rem_euclid(360.0),
            dec_deg: -self.dec_deg,
            radius_deg: 180.0 - self.radius_deg,
        }
    }

    /// Its part of the sphere in steradians; 1 - cos r as a product, which keeps small circles exact.
    pub(super) fn area_sr(&self) -> f64 {
        let half = self.radius_deg.to_radians() / 2.0;
        (2.0 * TAU * half.sin().powi(2)).min(4.0 * PI)
    }
}
