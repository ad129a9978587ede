//! Directions as unit vectors: the arithmetic of the sphere without poles and without RA 0.

use std::ops::{Add, Mul, Neg, Sub};

/// A vector in the equatorial frame: x to RA 0, y to RA 90, z to the north pole. A direction has length one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector(pub [f64; 3]);

impl Vector {
    /// The direction of a position in degrees.
    pub fn of_degrees(ra_deg: f64, dec_deg: f64) -> Self {
        let (sin_ra, cos_ra) = ra_deg.to_radians().sin_cos();
        let (sin_dec, cos_dec) = dec_deg.to_radians().sin_cos();
        Self([cos_dec * cos_ra, cos_dec * sin_ra, sin_dec])
    }

    /// The position of a vector of any length as (ra, dec) in degrees, ra within 0..360.
    pub fn to_degrees(self) -> (f64, f64) {
        let [x, y, z] = self.0;
        let ra = y.atan2(x).to_degrees().rem_euclid(360.0);
        // A tiny negative angle is rounded up to 360 itself.
        (if ra == 360.0 { 0.0 } else { ra }, z.atan2(x.hypot(y)).to_degrees())
    }

    /// The scalar product.
    pub fn dot(self, other: Self) -> f64 {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        a * x + b * y + c * z
    }

    /// The vector product.
    pub fn cross(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([b * z - c * y, c * x - a * z, a * y - b * x])
    }

    /// The vector product of two directions, exact to rounding even when they nearly coincide.
    pub fn normal_to(self, other: Self) -> Self {
        (self - other).cross(self + other) * 0.5
    }

    /// The length.
    pub fn norm(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The direction, of length one.
    pub fn unit(self) -> Self {
        self * (1.0 / self.norm())
    }

    /// The angle to another direction in radians, exact to rounding at every angle.
    pub fn angle_to(self, other: Self) -> f64 {
        self.normal_to(other).norm().atan2(self.dot(other))
    }

    /// The directions to the east and to the north, seen from a position in degrees.
    pub fn east_and_north(ra_deg: f64, dec_deg: f64) -> (Self, Self) {
        let (sin_ra, cos_ra) = ra_deg.to_radians().sin_cos();
        let (sin_dec, cos_dec) = dec_deg.to_radians().sin_cos();
        (Self([-sin_ra, cos_ra, 0.0]), Self([-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec]))
    }
}

impl Add for Vector {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Self([a + x, b + y, c + z])
    }
}

impl Sub for Vector {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Vector {
    type Output = Self;

    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Mul<f64> for Vector {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self(self.0.map(|part| part * factor))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::separation_deg;
    use super::*;

    proptest! {
        #[test]
        fn a_position_survives_the_way_through_a_vector(ra in 0.0..360.0, dec in -89.9..89.9f64) {
            let (ra2, dec2) = Vector::of_degrees(ra, dec).to_degrees();
            prop_assert!(separation_deg(ra, dec, ra2, dec2) < 1e-12, "{ra2} {dec2}");
        }

        #[test]
        fn angles_agree_with_the_separation(
            ra in 0.0..360.0, dec in -90.0..=90.0f64, ra2 in 0.0..360.0, dec2 in -90.0..=90.0f64,
        ) {
            let angle = Vector::of_degrees(ra, dec).angle_to(Vector::of_degrees(ra2, dec2)).to_degrees();
            prop_assert!((angle - separation_deg(ra, dec, ra2, dec2)).abs() < 1e-12);
        }
    }

    #[test]
    fn east_north_and_outwards_are_right_handed() {
        let (east, north) = Vector::east_and_north(123.0, -45.0);
        let outwards = Vector::of_degrees(123.0, -45.0);
        assert!((east.cross(north) - outwards).norm() < 1e-15);
    }
}
