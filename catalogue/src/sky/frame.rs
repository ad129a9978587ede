//! Directions and velocities in the equatorial (ICRS) and the Galactic frame.

/// A vector in either frame, x towards longitude 0, z towards the pole.
pub type Vector = [f64; 3];

/// km/s of one mas/yr at a distance of one kpc: an astronomical unit per Julian year.
pub const KMS_PER_MAS_YR_KPC: f64 = 4.740_470_5;

/// Turns ICRS into Galactic vectors (The Hipparcos Catalogue, ESA SP-1200, vol. 1, eq. 1.5.11).
const GALACTIC: [Vector; 3] = [
    [-0.054_875_560_416_215_4, -0.873_437_090_234_885, -0.483_835_015_548_713_2],
    [0.494_109_427_875_583_7, -0.444_829_629_960_011_2, 0.746_982_244_497_219],
    [-0.867_666_149_019_004_7, -0.198_076_373_431_201_5, 0.455_983_776_175_066_9],
];

/// The scalar product.
pub fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// A sum of vectors with factors.
pub fn combine<const N: usize>(terms: [(f64, Vector); N]) -> Vector {
    std::array::from_fn(|axis| terms.iter().map(|(factor, vector)| factor * vector[axis]).sum())
}

/// An ICRS vector in the Galactic frame.
pub fn to_galactic(icrs: Vector) -> Vector {
    GALACTIC.map(|row| dot(row, icrs))
}

/// A Galactic vector in the ICRS.
pub fn from_galactic(galactic: Vector) -> Vector {
    std::array::from_fn(|axis| (0..3).map(|row| GALACTIC[row][axis] * galactic[row]).sum())
}

/// The unit vector of a longitude and latitude in degrees.
pub fn direction(lon_deg: f64, lat_deg: f64) -> Vector {
    let (sin_lon, cos_lon) = lon_deg.to_radians().sin_cos();
    let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Longitude (0..360) and latitude of a vector in degrees.
pub fn lon_lat([x, y, z]: Vector) -> (f64, f64) {
    (y.atan2(x).to_degrees().rem_euclid(360.0), z.atan2(x.hypot(y)).to_degrees())
}

/// The directions east, north and away at a position in degrees.
#[derive(Clone, Copy, Debug)]
pub struct LocalAxes {
    /// Towards growing longitude.
    pub east: Vector,
    /// Towards growing latitude.
    pub north: Vector,
    /// Away from the observer.
    pub away: Vector,
}

impl LocalAxes {
    /// The axes at a longitude and latitude in degrees.
    pub fn at(lon_deg: f64, lat_deg: f64) -> Self {
        let (sin_lon, cos_lon) = lon_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
        Self {
            east: [-sin_lon, cos_lon, 0.0],
            north: [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            away: [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        }
    }

    /// Proper motion (mas/yr) and radial velocity (km/s) of a velocity in km/s at a distance.
    pub fn observe(&self, velocity_kms: Vector, distance_kpc: f64) -> Motion {
        let per_mas_yr = KMS_PER_MAS_YR_KPC * distance_kpc;
        Motion {
            pmra: dot(self.east, velocity_kms) / per_mas_yr,
            pmdec: dot(self.north, velocity_kms) / per_mas_yr,
            radial_velocity: dot(self.away, velocity_kms),
        }
    }

    /// The velocity in km/s that is observed as `motion` at a distance.
    pub fn velocity(&self, motion: Motion, distance_kpc: f64) -> Vector {
        let per_mas_yr = KMS_PER_MAS_YR_KPC * distance_kpc;
        combine([
            (motion.pmra * per_mas_yr, self.east),
            (motion.pmdec * per_mas_yr, self.north),
            (motion.radial_velocity, self.away),
        ])
    }
}

/// How a star moves: proper motion in mas/yr (in right ascension times cos(dec)), radial velocity in km/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// Eastward, times cos(dec).
    pub pmra: f64,
    /// Northward.
    pub pmdec: f64,
    /// Away.
    pub radial_velocity: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_galactic_centre_and_pole_are_where_they_should_be() {
        let (l, b) = lon_lat(to_galactic(direction(266.404_988, -28.936_178)));
        assert!(l.min(360.0 - l) < 1e-4 && b.abs() < 1e-4, "{l} {b}");
        let (_, b) = lon_lat(to_galactic(direction(192.859_48, 27.128_25)));
        assert!((b - 90.0).abs() < 1e-4, "{b}");
        let there_and_back = from_galactic(to_galactic(direction(10.0, 20.0)));
        let difference = combine([(1.0, there_and_back), (-1.0, direction(10.0, 20.0))]);
        assert!(dot(difference, difference) < 1e-24, "{difference:?}");
    }

    #[test]
    fn motion_and_velocity_are_inverse() {
        let axes = LocalAxes::at(56.7, 24.1);
        let motion = Motion { pmra: 19.955, pmdec: -45.457, radial_velocity: 5.3 };
        let again = axes.observe(axes.velocity(motion, 0.1355), 0.1355);
        assert!((again.pmra - motion.pmra).abs() < 1e-9 && (again.pmdec - motion.pmdec).abs() < 1e-9);
    }
}
