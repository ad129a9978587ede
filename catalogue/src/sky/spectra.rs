//! Spectra of a star: a black body of its colour with the calcium triplet, as each spectrometer would have given it.
//!
//! A star's colour alone decides its spectrum: gravity and metals are not modelled. The basis functions of the continuous
//! spectra are Hermite functions, not those of the archive, which their number says.

use super::observe::Source;
use super::rng::{Purpose, Rng};
use crate::columns::Spectra;

/// A row of a table of spectra, in the order of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    pub numbers: Vec<f64>,
    pub lists: Vec<Vec<f64>>,
}

/// Faintest magnitudes in G; those of XP are the archive's (Gaia DR3 documentation, section 20.7).
const FAINTEST_XP_SAMPLED: f32 = 15.0;
const FAINTEST_XP_CONTINUOUS: f32 = 17.65;
const FAINTEST_RVS: f32 = 12.0;

/// Flux of a star of G = 0 at 622 nm in W/m^2/nm (Riello et al. 2021, A&A 649, A3).
const FLUX_AT_0: f64 = 2.504e-11;
const PIVOT_NM: f64 = 621.79;

/// The lines of ionised calcium in nanometres, in vacuum, and their strengths.
const CALCIUM: [(f64, f64); 3] = [(850.036, 0.7), (854.444, 1.0), (866.452, 0.9)];

/// The second constant of radiation, in nm K.
const HC_K: f64 = 1.438_777e7;

/// Basis functions of a continuous spectrum, and the number of their set: none of the archive's.
const BASES: usize = 55;
const OUR_BASES: f64 = 0.0;

/// The range of wavelengths in nanometres that the basis functions of a band cover: BP and RP.
const BANDS_NM: [(f64, f64); 2] = [(330.0, 680.0), (630.0, 1_050.0)];

/// What a spectrometer gives of a source; nothing where the source is too faint or has no colour.
pub fn spectrum(seed: u64, table: Spectra, source_id: i64, source: &Source) -> Option<Spectrum> {
    let (bp, rp) = source.bp_rp?;
    let faintest = match table {
        Spectra::XpSampled => FAINTEST_XP_SAMPLED,
        Spectra::XpContinuous => FAINTEST_XP_CONTINUOUS,
        Spectra::Rvs => FAINTEST_RVS,
    };
    if source.g > faintest {
        return None;
    }
    let mut rng = Rng::new(seed, Purpose::Spectrum, source_id as u64, table as u64);
    let star = BlackBody::new(f64::from(source.g), f64::from(bp - rp));
    Some(match table {
        Spectra::XpSampled => sampled(&mut rng, &star),
        Spectra::XpContinuous => continuous(&mut rng, &star),
        Spectra::Rvs => rvs(&mut rng, &star),
    })
}

/// A star as its magnitude and temperature.
struct BlackBody {
    g: f64,
    temperature_k: f64,
}

impl BlackBody {
    /// The temperature of dwarfs of a colour (Mucciarelli, Bellazzini and Massari 2021, A&A 653, A90), inside its range.
    fn new(g: f64, bp_rp: f64) -> Self {
        let colour = bp_rp.clamp(-0.3, 3.0);
        let temperature_k = 5_040.0 / (0.492_9 + 0.509_2 * colour - 0.035_3 * colour * colour);
        Self { g, temperature_k }
    }

    /// Flux at a wavelength in W/m^2/nm.
    fn flux(&self, nm: f64) -> f64 {
        let planck = |nm: f64| nm.powi(-5) / (HC_K / (nm * self.temperature_k)).exp_m1();
        FLUX_AT_0 * 10f64.powf(-0.4 * self.g) * planck(nm) / planck(PIVOT_NM)
    }

    /// Standard error over flux where the star is as bright as at 622 nm.
    fn noise(&self, at_12: f64) -> f64 {
        at_12 * 10f64.powf(0.25 * (self.g - 12.0))
    }
}

fn sampled(rng: &mut Rng, star: &BlackBody) -> Spectrum {
    let errors_at = star.noise(0.004) * star.flux(PIVOT_NM);
    let samples = Spectra::XpSampled.wavelengths_nm().into_iter().map(|nm| {
        // The ends of both bands see little light.
        let error = errors_at * (1.0 + ((nm - 640.0) / 250.0).powi(4));
        (star.flux(nm) + error * rng.gaussian(), error)
    });
    let (flux, error) = samples.unzip();
    Spectrum { numbers: Vec::new(), lists: vec![flux, error] }
}

fn rvs(rng: &mut Rng, star: &BlackBody) -> Spectrum {
    // Strongest in stars like the Sun and cooler; gone in hot ones.
    let strength = 0.65 * ((11_000.0 - star.temperature_k) / 6_000.0).clamp(0.0, 1.0);
    let error = star.noise(0.03);
    let samples = Spectra::Rvs.wavelengths_nm().into_iter().map(|nm| {
        let lines = CALCIUM.iter().map(|(line, depth)| depth * (-0.5 * ((nm - line) / 0.12).powi(2)).exp());
        (1.0 - strength * lines.sum::<f64>() + error * rng.gaussian(), error)
    });
    let (flux, errors) = samples.unzip();
    let transits = rng.between(5.0, 40.0).floor();
    Spectrum { numbers: vec![transits, 3.0 * transits, 0.0], lists: vec![flux, errors] }
}

fn continuous(rng: &mut Rng, star: &BlackBody) -> Spectrum {
    let mut spectrum = Spectrum { numbers: Vec::new(), lists: Vec::new() };
    for band in BANDS_NM {
        let truth = coefficients(star, band);
        let error = star.noise(0.002) * truth[0].abs();
        let noisy = truth.iter().map(|truth| truth + error * rng.gaussian()).collect();
        let measurements = 60.0 * rng.between(8.0, 40.0).floor();
        let freedom = measurements - BASES as f64;
        let chi_squared = freedom + (2.0 * freedom).sqrt() * rng.gaussian();
        spectrum.numbers.extend([OUR_BASES, freedom, BASES as f64, measurements, 0.0]);
        spectrum.numbers.extend([(chi_squared / freedom).sqrt(), chi_squared, BASES as f64, 1.0]);
        // The errors are independent of each other here.
        let correlations = vec![0.0; BASES * (BASES - 1) / 2];
        spectrum.lists.extend([noisy, vec![error; BASES], correlations]);
    }
    spectrum
}

/// The projection of a spectrum, in units of its flux at 622 nm, on Hermite functions over a band.
fn coefficients(star: &BlackBody, (low, high): (f64, f64)) -> Vec<f64> {
    const STEPS: usize = 300;
    // The functions reach a little beyond their turning points.
    let reach = (2.0 * BASES as f64).sqrt() + 2.0;
    let step = 2.0 * reach / STEPS as f64;
    let mut sums = vec![0.0; BASES];
    for number in 0..STEPS {
        let x = -reach + step * (number as f64 + 0.5);
        let share = (x + reach) / (2.0 * reach);
        // Both ends of a band fade out.
        let light = star.flux(low + (high - low) * share) * (std::f64::consts::PI * share).sin().powi(2);
        let light = light / star.flux(PIVOT_NM);
        for (sum, function) in sums.iter_mut().zip(hermite(x)) {
            *sum += light * function * step;
        }
    }
    sums
}

/// The Hermite functions at a place, orthonormal, by their recurrence.
fn hermite(x: f64) -> impl Iterator<Item = f64> {
    let first = std::f64::consts::PI.powf(-0.25) * (-0.5 * x * x).exp();
    let next = move |&(before, now, order): &(f64, f64, f64)| {
        let next = (2.0 / (order + 1.0)).sqrt() * x * now - (order / (order + 1.0)).sqrt() * before;
        Some((now, next, order + 1.0))
    };
    std::iter::successors(Some((0.0, first, 0.0)), next).map(|(_, now, _)| now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hermite_functions_are_orthonormal() {
        let product = |a: usize, b: usize| -> f64 {
            (0..4_000)
                .map(|step| {
                    let values: Vec<f64> = hermite(f64::from(step) * 0.008 - 16.0).take(BASES).collect();
                    values[a] * values[b] * 0.008
                })
                .sum()
        };
        assert!((product(0, 0) - 1.0).abs() < 1e-9 && (product(54, 54) - 1.0).abs() < 1e-9);
        assert!(product(3, 5).abs() < 1e-9 && product(52, 54).abs() < 1e-9);
    }

    #[test]
    fn the_coefficients_give_the_spectrum_back() {
        let star = BlackBody::new(12.0, 0.8);
        let (low, high) = BANDS_NM[0];
        let coefficients = coefficients(&star, (low, high));
        let reach = (2.0 * BASES as f64).sqrt() + 2.0;
        for nm in [450.0, 505.0, 560.0] {
            let share = (nm - low) / (high - low);
            let again: f64 =
                coefficients.iter().zip(hermite(reach * (2.0 * share - 1.0))).map(|(c, f)| c * f).sum();
            let truth = star.flux(nm) / star.flux(PIVOT_NM) * (std::f64::consts::PI * share).sin().powi(2);
            assert!((again - truth).abs() < 0.01, "{nm} nm: {again} {truth}");
        }
    }
}
