//! How often noise alone has a peak as high as this one somewhere below a frequency (Baluev 2008, MNRAS 385, 1279).

use std::f64::consts::PI;

use super::Series;
use super::statistics::weighted_mean;

/// Parameters of the model with a sine wave and a mean, and without the wave.
const WITH_WAVE: f64 = 3.0;
const WITHOUT: f64 = 1.0;

/// From this many points on, the ratio of gamma functions is taken from its series.
const MANY: f64 = 1e3;

/// The probability that a periodogram of noise, with one harmonic and in the standard normalisation, exceeds
/// `power` at any frequency up to `max_frequency`. An upper limit that is close where it is small.
pub(crate) fn probability(power: f64, series: Series<'_>, max_frequency: f64) -> Option<f64> {
    let count = series.values.len() as f64;
    let (left, without) = (count - WITH_WAVE, count - WITHOUT);
    let spread = weighted_variance(series.times, series.errors)?;
    let width = max_frequency * (4.0 * PI * spread).sqrt();
    let once = (1.0 - power).powf(0.5 * left);
    let crossings = gamma_factor(without)
        * width
        * (1.0 - power).powf(0.5 * (left - 1.0))
        * (0.5 * without * power).sqrt();
    // 1 - (1 - once) exp(-crossings), without the loss of small numbers next to one.
    (left > 0.0).then(|| once * (-crossings).exp() - (-crossings).exp_m1())
}

/// sqrt(2 / n) gamma(n / 2) / gamma((n - 1) / 2), which tends to one.
fn gamma_factor(n: f64) -> f64 {
    if n > MANY {
        return 1.0 - 0.75 / n;
    }
    let mut ratio = if n % 2.0 == 0.0 { 1.0 / PI.sqrt() } else { PI.sqrt() / 2.0 };
    let mut at = if n % 2.0 == 0.0 { 2.0 } else { 3.0 };
    while at < n {
        ratio *= at / (at - 1.0);
        at += 2.0;
    }
    (2.0 / n).sqrt() * ratio
}

fn weighted_variance(times: &[f64], errors: &[f64]) -> Option<f64> {
    let mean = weighted_mean(times, errors)?;
    weighted_mean(&times.iter().map(|time| (time - mean).powi(2)).collect::<Vec<_>>(), errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gamma_factor_meets_its_series() {
        assert!((gamma_factor(4.0) - 0.5f64.sqrt() * 2.0 / PI.sqrt()).abs() < 1e-12);
        assert!((gamma_factor(999.0) - (1.0 - 0.75 / 999.0)).abs() < 1e-6);
        assert!((gamma_factor(1000.0) - (1.0 - 0.75 / 1000.0)).abs() < 1e-6);
    }

    #[test]
    fn higher_peaks_are_rarer() {
        let times: Vec<f64> = (0..40).map(|i| f64::from(i) * 3.3).collect();
        let series = Series { times: &times, values: &times, errors: &[0.1; 40] };
        let probability = |power| probability(power, series, 5.0).expect("enough points");
        assert!((probability(0.0) - 1.0).abs() < 1e-12);
        assert!(probability(0.5) > probability(0.9));
        assert!((0.0..1e-20).contains(&probability(0.99)));
    }
}
