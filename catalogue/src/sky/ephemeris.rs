//! Where Gaia is: near the Sun-Earth point L2, on the Earth's orbit to a few arcminutes (The Astronomical Almanac, "low
//! precision formulas for the Sun"). Good for the parallaxes of a model; no use for real ones.

use super::frame::{Vector, direction, dot};

/// Gaia is this much farther from the Sun than the Earth is.
const L2: f64 = 1.01;

/// Seconds in which light goes an astronomical unit.
const LIGHT_S_PER_AU: f64 = 499.004_784;

/// Obliquity of the ecliptic at J2000 in degrees.
const OBLIQUITY_DEG: f64 = 23.439_29;

/// Days from J2000 to the zero of Gaia's times, JD 2455197.5.
const ZERO_D: f64 = 3_652.5;

/// Gaia's place at a time in days after JD 2455197.5, from the barycentre, in astronomical units along ICRS axes.
pub fn gaia_au(time_d: f64) -> Vector {
    let days = time_d + ZERO_D;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let sun = 280.460 + 0.985_647_4 * days + 1.915 * anomaly.sin() + 0.020 * (2.0 * anomaly).sin();
    let distance = L2 * (1.000_14 - 0.016_71 * anomaly.cos() - 0.000_14 * (2.0 * anomaly).cos());
    let [x, y, _] = direction(sun + 180.0, 0.0);
    let (sin, cos) = OBLIQUITY_DEG.to_radians().sin_cos();
    [distance * x, distance * y * cos, distance * y * sin]
}

/// How much later than Gaia the barycentre sees the light of a star in a direction, in seconds.
pub fn light_time_s(gaia_au: Vector, towards: Vector) -> f64 {
    LIGHT_S_PER_AU * dot(gaia_au, towards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earth_is_opposite_to_the_sun_at_the_equinox() {
        // 20 March 2016, 4:30: the Sun is at the vernal equinox.
        let [x, y, z] = gaia_au(2_270.19);
        assert!((x + 1.006).abs() < 0.003 && y.abs() < 0.001 && z.abs() < 0.001, "{x} {y} {z}");
    }
}
