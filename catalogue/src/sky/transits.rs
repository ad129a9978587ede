//! When Gaia looked at a star and what it saw: transits in pairs 106.5 minutes apart, visits over 34 months.

use super::light_curve::Bands;
use super::observe::g_minus_rp;
use super::rng::{Purpose, Rng};
use super::variable::Variable;

/// What one band measured in one transit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// BJD (TCB) - 2455197.5, magnitude, flux and its error in electrons per second; `None` when nothing came.
    pub measured: Option<Measured>,
    /// The variability processing rejected it.
    pub variability_reject: bool,
    /// The photometric processing rejected it.
    pub photometry_reject: bool,
}

/// A measured point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub time_d: f64,
    pub mag: f32,
    pub flux: f64,
    pub flux_error: f64,
}

/// One transit through the focal plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transit {
    pub id: i64,
    pub bands: Bands<Point>,
}

/// When Gaia looked, in days as above, and the most transits that a star has.
pub struct Span {
    pub start_d: f64,
    pub end_d: f64,
    pub most: usize,
}

/// The time of DR3: 25 July 2014 to 28 May 2017.
const DR3: Span = Span { start_d: 1666.4, end_d: 2704.4, most: 90 };

/// Minutes after the start of a visit at which the two fields of view see the star.
const VISIT_MINUTES: [f64; 6] = [0.0, 106.5, 360.0, 466.5, 720.0, 826.5];

/// Vega magnitude of one electron per second (Riello et al. 2021, A&A 649, A3).
const ZERO_POINT: Bands<f64> = Bands { g: 25.687_37, bp: 25.338_54, rp: 24.747_90 };

/// The transits of a variable star, its number counted within the sky.
pub fn transits(seed: u64, number: usize, variable: &Variable) -> Vec<Transit> {
    let mut rng = Rng::new(seed, Purpose::Transits, number as u64, 0);
    let times = times(&mut rng, variable.star.dec_deg, &DR3);
    times.into_iter().map(|time_d| transit(&mut rng, variable, time_d)).collect()
}

/// Times in order, between 10 and 90 in the time of DR3. Gaia's scanning law looks most often at intermediate ecliptic latitudes;
/// declination stands in for them.
pub fn times(rng: &mut Rng, dec_deg: f64, span: &Span) -> Vec<f64> {
    let Span { start_d, end_d, most } = *span;
    let favour = (-((dec_deg.abs() - 45.0) / 15.0).powi(2)).exp();
    let visits = (12.0 + 12.0 * favour) * rng.between(0.8, 1.3);
    // So many in the time of DR3, and as often later.
    let gap = (DR3.end_d - DR3.start_d) / visits;
    let mut times = Vec::new();
    let mut visit = start_d + gap * rng.unit();
    while visit < end_d - 1.0 {
        let first = (rng.bits() % 2) as usize;
        let last = first + 1 + (rng.bits() % 4) as usize;
        times.extend(VISIT_MINUTES[first..last.min(6)].iter().map(|minutes| visit + minutes / 1440.0));
        visit += gap * rng.between(0.5, 1.5);
    }
    times.truncate(most);
    times
}

fn transit(rng: &mut Rng, variable: &Variable, time_d: f64) -> Transit {
    let star = &variable.star;
    let change = variable.brightness(time_d);
    let rp = star.g - g_minus_rp(star.bp_rp);
    let mags = Bands { g: star.g + change.g, bp: rp + star.bp_rp + change.bp, rp: rp + change.rp };
    let bands = Bands {
        g: point(rng, time_d, mags.g, ZERO_POINT.g, Quality { at_17: 0.004, missing: 0.008, outliers: 0.03 }),
        bp: point(
            rng,
            time_d + 4.6e-4,
            mags.bp,
            ZERO_POINT.bp,
            Quality { at_17: 0.02, missing: 0.03, outliers: 0.05 },
        ),
        rp: point(
            rng,
            time_d + 5.2e-4,
            mags.rp,
            ZERO_POINT.rp,
            Quality { at_17: 0.018, missing: 0.03, outliers: 0.05 },
        ),
    };
    // Time in units of 50 ns and room for field of view and row, as in Gaia's own ids.
    let id = ((time_d * 86_400.0 * 1e3) as i64) << 17 | (rng.bits() & 0x1ffff) as i64;
    Transit { id, bands }
}

/// How good a band is.
struct Quality {
    /// Noise of one transit at magnitude 17.
    at_17: f64,
    /// Share of transits without a measurement.
    missing: f64,
    /// Share of points that the variability processing rejects, most of them with a reason.
    outliers: f64,
}

fn point(rng: &mut Rng, time_d: f64, mag: f64, zero_point: f64, quality: Quality) -> Point {
    if rng.chance(quality.missing) {
        return Point { measured: None, variability_reject: false, photometry_reject: true };
    }
    let noise = 0.002_f64.hypot(quality.at_17 * 10f64.powf(0.3 * (mag - 17.0))).min(1.0);
    let rejected = rng.chance(quality.outliers);
    let error =
        if rejected { rng.between(0.15, 0.9) * if rng.chance(0.5) { 1.0 } else { -1.0 } } else { 0.0 };
    let mag = mag + error + noise * rng.gaussian();
    let flux = 10f64.powf(0.4 * (zero_point - mag));
    let flux_error = flux * noise * std::f64::consts::LN_10 / 2.5;
    let measured = Measured { time_d, mag: mag as f32, flux, flux_error };
    Point { measured: Some(measured), variability_reject: rejected, photometry_reject: false }
}

impl Point {
    /// Whether nothing rejected it.
    pub fn is_clean(&self) -> bool {
        self.measured.is_some() && !self.variability_reject && !self.photometry_reject
    }
}
