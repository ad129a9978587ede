//! What Gaia DR3 would have measured of a star: the truth, errors of the right size, and gaps.

use super::frame::{direction, lon_lat, to_galactic};
use super::rng::Rng;
use super::star::{Nature, Star};
use crate::healpix;

/// A row of `gaia_source`, without the columns that depend on other rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub healpix: i64,
    pub ra: f64,
    pub dec: f64,
    pub l: f64,
    pub b: f64,
    pub ra_error: f32,
    pub dec_error: f32,
    pub parallax: f64,
    pub parallax_error: f32,
    pub pmra: f64,
    pub pmra_error: f32,
    pub pmdec: f64,
    pub pmdec_error: f32,
    pub ruwe: f32,
    pub g: f32,
    /// BP and RP, both or none.
    pub bp_rp: Option<(f32, f32)>,
    /// Radial velocity and its error.
    pub radial_velocity: Option<(f32, f32)>,
    pub nature: Nature,
}

/// Gaia has no colour for about this share of its stars.
const NO_COLOUR_SHARE: f64 = 0.006;

/// Fainter than this in BP there is no colour either.
const FAINTEST_BP: f64 = 22.5;

/// This share of the stars has a bad astrometric fit, mostly unresolved pairs.
const BAD_FIT_SHARE: f64 = 0.06;

/// Standard errors relative to that of the parallax (Gaia Collaboration, Brown et al. 2021, A&A 649, A1).
const RA_ERROR: f64 = 0.80;
const DEC_ERROR: f64 = 0.70;
const PMRA_ERROR: f64 = 1.03;
const PMDEC_ERROR: f64 = 0.89;

/// Measures a star. The position is kept as it is: it decides the tile.
pub fn observe(rng: &mut Rng, star: &Star) -> Source {
    let ruwe = ruwe(rng);
    let parallax_error = parallax_error(star.g) * ruwe.max(1.0).sqrt() * (0.12 * rng.gaussian()).exp();
    let mut measure = |truth: f64, ratio: f64| {
        let error = (parallax_error * ratio) as f32;
        (truth + f64::from(error) * rng.gaussian(), error)
    };
    let (parallax, parallax_error) = measure(star.parallax, 1.0);
    let (pmra, pmra_error) = measure(star.motion.pmra, PMRA_ERROR);
    let (pmdec, pmdec_error) = measure(star.motion.pmdec, PMDEC_ERROR);
    let (_, ra_error) = measure(0.0, RA_ERROR);
    let (_, dec_error) = measure(0.0, DEC_ERROR);
    let (l, b) = lon_lat(to_galactic(direction(star.ra_deg, star.dec_deg)));
    Source {
        healpix: healpix::hash29(star.ra_deg, star.dec_deg),
        ra: star.ra_deg,
        dec: star.dec_deg,
        l,
        b,
        ra_error,
        dec_error,
        parallax,
        parallax_error,
        pmra,
        pmra_error,
        pmdec,
        pmdec_error,
        ruwe: ruwe as f32,
        g: (star.g + 0.001 * rng.gaussian()) as f32,
        bp_rp: colour(rng, star),
        radial_velocity: radial_velocity(rng, star),
        nature: star.nature,
    }
}

/// Standard error of a DR3 parallax in mas by G magnitude (the fit on Gaia's science performance pages).
fn parallax_error(g: f64) -> f64 {
    let z = 10f64.powf(0.4 * (g.max(13.0) - 15.0));
    (40.0 + 800.0 * z + 30.0 * z * z).sqrt() / 1000.0
}

fn ruwe(rng: &mut Rng) -> f64 {
    let good = (0.01 + 0.05 * rng.gaussian()).exp();
    if rng.chance(BAD_FIT_SHARE) { good + 0.4 * rng.unit().max(1e-3).powf(-0.8) - 0.4 } else { good }
}

fn colour(rng: &mut Rng, star: &Star) -> Option<(f32, f32)> {
    let rp = star.g - g_minus_rp(star.bp_rp);
    let bp = rp + star.bp_rp;
    if bp > FAINTEST_BP || rng.chance(NO_COLOUR_SHARE) {
        return None;
    }
    Some((measured_mag(rng, bp, 18.4), measured_mag(rng, rp, 17.9)))
}

/// A magnitude with noise that reaches 0.03 mag at `faint`.
fn measured_mag(rng: &mut Rng, truth: f64, faint: f64) -> f32 {
    let noise = 0.002_f64.hypot(0.03 * 10f64.powf(0.32 * (truth - faint))).min(0.5);
    (truth + noise * rng.gaussian()) as f32
}

/// G - RP of a star by its BP - RP: the usual colour-colour sequence.
pub fn g_minus_rp(bp_rp: f64) -> f64 {
    let bp_rp = bp_rp.clamp(-0.6, 5.0);
    0.01 + 0.63 * bp_rp - 0.06 * bp_rp * bp_rp
}

/// Radial velocities exist for bright stars: almost all up to 13 mag, none from 14.4 on.
fn radial_velocity(rng: &mut Rng, star: &Star) -> Option<(f32, f32)> {
    let share = ((14.4 - star.g) / 1.4).clamp(0.0, 0.95);
    if star.g < 3.0 || !rng.chance(share) {
        return None;
    }
    let error = (0.12 + 0.9 * 10f64.powf(0.35 * (star.g - 12.5))) * (0.3 * rng.gaussian()).exp();
    Some(((star.motion.radial_velocity + error * rng.gaussian()) as f32, error as f32))
}
