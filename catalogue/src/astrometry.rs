//! How stars move: the astrometric parameters of one epoch carried to another, with their covariance.
//!
//! Uniform motion along a straight line, without light-time effects, as in the Hipparcos and Tycho Catalogues
//! (ESA SP-1200, volume 1, section 1.5.5). It knows neither SQL nor tables.

mod covariance;

pub use covariance::{Covariance, Errors};

use crate::healpix::Vector;

/// One astronomical unit per Julian year in km/s.
pub const AU_PER_YEAR_KM_S: f64 = 149_597_870.7 / (365.25 * 86_400.0);

/// Milliarcseconds per radian.
const MAS: f64 = 180.0 * 3_600_000.0 / std::f64::consts::PI;

/// Where a star is and how it moves, at some epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Astrometry {
    /// Right ascension, degrees.
    pub ra_deg: f64,
    /// Declination, degrees.
    pub dec_deg: f64,
    /// Parallax, mas.
    pub parallax_mas: f64,
    /// Proper motion in right ascension times cos(dec), mas a year.
    pub pm_ra_mas: f64,
    /// Proper motion in declination, mas a year.
    pub pm_dec_mas: f64,
    /// Radial proper motion, mas a year: the change of the distance in units of it.
    pub pm_radial_mas: f64,
}

/// The radial proper motion in mas a year of a star at a parallax in mas with a radial velocity in km/s.
pub fn radial_motion_mas(parallax_mas: f64, radial_velocity_km_s: f64) -> f64 {
    radial_velocity_km_s * parallax_mas / AU_PER_YEAR_KM_S
}

/// The motion in radians and Julian years, in the triad of east, north and outwards.
#[derive(Clone, Copy)]
struct Motion {
    east: Vector,
    north: Vector,
    outwards: Vector,
    /// Proper motion as a vector.
    proper: Vector,
    radial: f64,
    parallax: f64,
}

impl Astrometry {
    /// The parameters so many Julian years later.
    pub fn after(&self, years: f64) -> Self {
        let start = self.motion();
        let path = Path::new(&start, years);
        let (ra_deg, dec_deg) = path.place.to_degrees();
        let (east, north) = Vector::east_and_north(ra_deg, dec_deg);
        Self {
            ra_deg,
            dec_deg,
            parallax_mas: self.parallax_mas * path.shrink,
            pm_ra_mas: path.proper().dot(east) * MAS,
            pm_dec_mas: path.proper().dot(north) * MAS,
            pm_radial_mas: path.radial() * MAS,
        }
    }

    /// How the parameters after so many years change with those of now, row by row, both in mas and mas a year.
    /// Positions count along the sky: to the east and to the north.
    pub fn jacobian(&self, years: f64) -> [[f64; 6]; 6] {
        let start = self.motion();
        let path = Path::new(&start, years);
        let (ra, dec) = path.place.to_degrees();
        let (east, north) = Vector::east_and_north(ra, dec);
        let columns = start.directions().map(|change| {
            let end = path.change(&change);
            [
                end.place.dot(east),
                end.place.dot(north),
                end.parallax,
                end.proper.dot(east),
                end.proper.dot(north),
                end.radial,
            ]
        });
        std::array::from_fn(|row| columns.map(|column| column[row]))
    }

    fn motion(&self) -> Motion {
        let (east, north) = Vector::east_and_north(self.ra_deg, self.dec_deg);
        Motion {
            east,
            north,
            outwards: Vector::of_degrees(self.ra_deg, self.dec_deg),
            proper: east * (self.pm_ra_mas / MAS) + north * (self.pm_dec_mas / MAS),
            radial: self.pm_radial_mas / MAS,
            parallax: self.parallax_mas / MAS,
        }
    }
}

/// A small change of place, parallax, proper and radial motion.
#[derive(Clone, Copy)]
struct Change {
    place: Vector,
    parallax: f64,
    proper: Vector,
    radial: f64,
}

impl Motion {
    /// The changes by one unit of each parameter. When the place moves, the proper motion turns along with it.
    fn directions(&self) -> [Change; 6] {
        const NONE: Vector = Vector([0.0; 3]);
        let none = Change { place: NONE, parallax: 0.0, proper: NONE, radial: 0.0 };
        let shift =
            |along: Vector| Change { place: along, proper: self.outwards * -self.proper.dot(along), ..none };
        [
            shift(self.east),
            shift(self.north),
            Change { parallax: 1.0, ..none },
            Change { proper: self.east, ..none },
            Change { proper: self.north, ..none },
            Change { radial: 1.0, ..none },
        ]
    }
}

/// The way from one epoch to another.
struct Path<'a> {
    start: &'a Motion,
    years: f64,
    /// The growth of the distance along the first direction.
    stretch: f64,
    /// The place then, in units of the first distance.
    away: Vector,
    /// The first distance in units of the last.
    shrink: f64,
    /// The direction then.
    place: Vector,
    /// The square of the proper motion.
    speed2: f64,
}

impl<'a> Path<'a> {
    fn new(start: &'a Motion, years: f64) -> Self {
        let stretch = 1.0 + start.radial * years;
        let away = start.outwards * stretch + start.proper * years;
        let shrink = 1.0 / away.norm();
        let speed2 = start.proper.dot(start.proper);
        Self { start, years, stretch, away, shrink, place: away * shrink, speed2 }
    }

    fn proper(&self) -> Vector {
        self.across() * self.shrink.powi(3)
    }

    fn radial(&self) -> f64 {
        self.along() * self.shrink.powi(2)
    }

    fn across(&self) -> Vector {
        self.start.proper * self.stretch - self.start.outwards * (self.speed2 * self.years)
    }

    fn along(&self) -> f64 {
        self.start.radial + (self.speed2 + self.start.radial.powi(2)) * self.years
    }

    /// The differential of all of the above.
    fn change(&self, change: &Change) -> Change {
        let (start, t, f) = (self.start, self.years, self.shrink);
        let away = change.place * self.stretch + start.outwards * (change.radial * t) + change.proper * t;
        let shrink = -f.powi(3) * self.away.dot(away);
        let speed2 = 2.0 * start.proper.dot(change.proper);
        let across = change.proper * self.stretch + start.proper * (change.radial * t)
            - change.place * (self.speed2 * t)
            - start.outwards * (speed2 * t);
        let along = change.radial + (speed2 + 2.0 * start.radial * change.radial) * t;
        Change {
            place: away * f + self.away * shrink,
            parallax: change.parallax * f + start.parallax * shrink,
            proper: across * f.powi(3) + self.across() * (3.0 * f * f * shrink),
            radial: along * f * f + self.along() * (2.0 * f * shrink),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::healpix::separation_deg;

    fn star() -> impl Strategy<Value = Astrometry> {
        (0.0..360.0f64, -89.0..89.0f64, 0.1..800.0f64, -1e4..1e4f64, -1e4..1e4f64, -400.0..400.0f64).prop_map(
            |(ra_deg, dec_deg, parallax_mas, pm_ra_mas, pm_dec_mas, velocity)| Astrometry {
                ra_deg,
                dec_deg,
                parallax_mas,
                pm_ra_mas,
                pm_dec_mas,
                pm_radial_mas: radial_motion_mas(parallax_mas, velocity),
            },
        )
    }

    proptest! {
        #[test]
        fn the_way_back_ends_where_it_began(star in star(), years in -1e3..1e3f64) {
            let back = star.after(years).after(-years);
            prop_assert!(separation_deg(star.ra_deg, star.dec_deg, back.ra_deg, back.dec_deg) < 1e-12);
            for (a, b) in [
                (star.parallax_mas, back.parallax_mas), (star.pm_ra_mas, back.pm_ra_mas),
                (star.pm_dec_mas, back.pm_dec_mas), (star.pm_radial_mas, back.pm_radial_mas),
            ] {
                prop_assert!((a - b).abs() < 1e-8, "{a} {b}");
            }
        }

        #[test]
        fn the_jacobian_is_that_of_small_differences(star in star(), years in -100.0..100.0f64) {
            let jacobian = star.jacobian(years);
            let motion = star.motion();
            for (column, change) in motion.directions().iter().enumerate() {
                let step = 1e-6;
                let end = |sign: f64| {
                    let moved = Motion {
                        outwards: (motion.outwards + change.place * (sign * step)).unit(),
                        proper: motion.proper + change.proper * (sign * step),
                        radial: motion.radial + change.radial * sign * step,
                        parallax: motion.parallax + change.parallax * sign * step,
                        ..motion
                    };
                    let path = Path::new(&moved, years);
                    (path.place, moved.parallax * path.shrink, path.proper(), path.radial())
                };
                let (a, b) = (end(-1.0), end(1.0));
                let end = star.after(years);
                let (east, north) = Vector::east_and_north(end.ra_deg, end.dec_deg);
                let (place, proper) = (b.0 - a.0, b.2 - a.2);
                let expected = [
                    place.dot(east), place.dot(north), b.1 - a.1, proper.dot(east), proper.dot(north), b.3 - a.3,
                ];
                for row in 0..6 {
                    let expected = expected[row] / (2.0 * step);
                    prop_assert!((jacobian[row][column] - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                        "{row} {column}: {} {expected}", jacobian[row][column]);
                }
            }
        }
    }
}
