//! Epoch astrometry: where each CCD would have seen a source along the scan, over the five years and a half of Gaia DR4.
//!
//! The centroids follow from the five parameters of the source in `gaia_source`, so that a fit finds these again. The
//! directions of the scans are random: the scanning law is not modelled.

use super::ephemeris::{gaia_au, light_time_s};
use super::frame::{LocalAxes, Vector, dot};
use super::observe::Source;
use super::rng::{Purpose, Rng};
use super::transits::{Span, times};

/// What one CCD observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    pub transit_id: i64,
    /// At Gaia, nanoseconds (TCB) after JD 2455197.5.
    pub time_ns: i64,
    /// To add for the time at the barycentre.
    pub bary_corr_ns: f64,
    pub scan_angle_deg: f64,
    pub parallax_factor: f64,
    pub centroid_mas: f64,
    pub error_mas: f64,
    pub used: bool,
}

/// The time of DR4: 25 July 2014 to 20 January 2020, in days after JD 2455197.5.
const DR4: Span = Span { start_d: 1_666.4, end_d: 3_671.0, most: 150 };

/// Days from the zero of Gaia's times to J2016.0, the epoch of the positions in `gaia_source`.
const EPOCH_D: f64 = 2_191.0;

/// CCDs that a transit crosses one after the other, and the time from one to the next.
const CCDS: i64 = 9;
const CCD_NS: i64 = 4_860_000_000;

const DAY_NS: f64 = 86_400e9;
const YEAR_D: f64 = 365.25;

/// This share of the observations is bad, and the solution did not use it.
const BAD_SHARE: f64 = 0.04;

/// The observations of a source in the order of time.
pub fn observations(seed: u64, source_id: i64, source: &Source) -> Vec<Observation> {
    let mut rng = Rng::new(seed, Purpose::Astrometry, source_id as u64, 0);
    let error_mas = error_mas(f64::from(source.g));
    let times = times(&mut rng, source.dec, &DR4);
    let transits = times.into_iter().flat_map(|time_d| {
        let transit = Transit::new(&mut rng, source, time_d);
        (0..CCDS).map(|ccd| transit.observe(&mut rng, source, ccd, error_mas)).collect::<Vec<_>>()
    });
    transits.collect()
}

/// Standard error of one CCD by magnitude, as in the twelve sources that ESA published ahead of DR4.
fn error_mas(g: f64) -> f64 {
    0.06_f64.hypot(0.13 * 10f64.powf(0.23 * (g - 14.0)))
}

/// What the CCDs of one transit share.
struct Transit {
    id: i64,
    time_ns: i64,
    bary_corr_ns: f64,
    scan_angle_deg: f64,
    parallax_factor: f64,
    /// Along the scan, in right ascension and declination.
    along: (f64, f64),
}

impl Transit {
    fn new(rng: &mut Rng, source: &Source, time_d: f64) -> Self {
        let axes = LocalAxes::at(source.ra, source.dec);
        let gaia = gaia_au(time_d);
        let scan_angle_deg = rng.between(-180.0, 180.0);
        let along = scan_angle_deg.to_radians().sin_cos();
        let scan: Vector = std::array::from_fn(|axis| along.0 * axes.east[axis] + along.1 * axes.north[axis]);
        let time_ns = (time_d * DAY_NS) as i64;
        Self {
            id: (time_ns / 50) << 3 | (rng.bits() & 7) as i64,
            time_ns,
            bary_corr_ns: light_time_s(gaia, axes.away) * 1e9,
            scan_angle_deg,
            // A star is displaced against the place of who looks.
            parallax_factor: -dot(gaia, scan),
            along,
        }
    }

    fn observe(&self, rng: &mut Rng, source: &Source, ccd: i64, error_mas: f64) -> Observation {
        let time_ns = self.time_ns + ccd * CCD_NS;
        let years = ((time_ns as f64 + self.bary_corr_ns) / DAY_NS - EPOCH_D) / YEAR_D;
        let (sin, cos) = self.along;
        let truth = years * (source.pmra * sin + source.pmdec * cos) + source.parallax * self.parallax_factor;
        let used = !rng.chance(BAD_SHARE);
        let bad = if used { 0.0 } else { rng.between(-300.0, 300.0) };
        Observation {
            transit_id: self.id,
            time_ns,
            bary_corr_ns: self.bary_corr_ns,
            scan_angle_deg: self.scan_angle_deg,
            parallax_factor: self.parallax_factor,
            centroid_mas: truth + bad + error_mas * rng.gaussian(),
            error_mas,
            used,
        }
    }
}
