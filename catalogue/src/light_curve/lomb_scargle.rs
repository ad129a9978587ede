//! The Lomb-Scargle periodogram with errors, a floating mean and any number of harmonics (Zechmeister & Kuerster
//! 2009, A&A 496, 577; harmonics: Palmer 2009, ApJ 695, 496).
//!
//! Exact at every frequency. It is fast because neighbouring frequencies share their sines and cosines; there is
//! no interpolation, as in methods that need a Fourier transform, and no gain from one for the few hundred points
//! that a light curve of Gaia has.

mod fit;
mod peaks;
mod sums;

use super::Series;
use super::frequencies::Frequencies;
use super::statistics::{chi2, peak_to_peak, weighted_mean};
pub(crate) use peaks::Peak;
use sums::{Point, Sums};

/// Harmonics that can be fitted at most.
pub(crate) const MOST_HARMONICS: usize = 5;

/// What the power is a power of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalisation {
    /// The part of chi2 that the model takes away, from 0 to 1.
    Standard,
    /// The same over the chi2 that is left.
    Model,
    /// Minus the logarithm of the part that is left.
    Log,
    /// Half of the chi2 that the model takes away.
    Psd,
}

impl Normalisation {
    /// The normalisation that people call `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "standard" => Some(Self::Standard),
            "model" => Some(Self::Model),
            "log" => Some(Self::Log),
            "psd" => Some(Self::Psd),
            _ => None,
        }
    }
}

/// A light curve, ready for the computation of its periodogram.
#[derive(Debug)]
pub(crate) struct LombScargle {
    points: Vec<Point>,
    /// The weighted mean of the squared values, whose mean is zero.
    scatter: f64,
    chi2: f64,
    harmonics: usize,
}

impl LombScargle {
    /// Nothing for fewer points than a fit needs, or when all values are equal.
    pub(crate) fn new(series: Series<'_>, harmonics: usize) -> Option<Self> {
        let mean = weighted_mean(series.values, series.errors)?;
        let start_d = series.times.first()?;
        let weights: Vec<f64> = series.errors.iter().map(|error| error.powi(-2)).collect();
        let sum: f64 = weights.iter().sum();
        let points = series.times.iter().zip(series.values).zip(weights);
        let points: Vec<Point> = points
            .map(|((time, value), weight)| Point::new(time - start_d, value - mean, weight / sum))
            .collect();
        let scatter: f64 = points.iter().map(Point::square).sum();
        let chi2 = chi2(series.values, series.errors)?;
        let enough = points.len() > 2 * harmonics + 1 && peak_to_peak(series.values)? > 0.0;
        enough.then_some(Self { points, scatter, chi2, harmonics: harmonics.clamp(1, MOST_HARMONICS) })
    }

    /// The power at one frequency.
    pub(crate) fn power(&self, frequency: f64, normalisation: Normalisation) -> f64 {
        let one = Frequencies { first: frequency, step: 0.0, count: 1 };
        let Ok(powers) = self.powers(&one, &|| Ok::<_, std::convert::Infallible>(()));
        let power = powers.first().copied().unwrap_or(0.0);
        match normalisation {
            Normalisation::Standard => power,
            Normalisation::Model => power / (1.0 - power),
            Normalisation::Log => -(1.0 - power).ln(),
            Normalisation::Psd => 0.5 * self.chi2 * power,
        }
    }

    /// The power at every frequency of a grid, in the standard normalisation. Calls `go_on` every few milliseconds
    /// and ends with its error.
    pub(crate) fn powers<E>(
        &self,
        grid: &Frequencies,
        go_on: &impl Fn() -> Result<(), E>,
    ) -> Result<Vec<f64>, E> {
        match self.harmonics {
            1 => self.powers_of::<2, E>(grid, go_on),
            2 => self.powers_of::<4, E>(grid, go_on),
            3 => self.powers_of::<6, E>(grid, go_on),
            4 => self.powers_of::<8, E>(grid, go_on),
            _ => self.powers_of::<10, E>(grid, go_on),
        }
    }

    fn powers_of<const H: usize, E>(
        &self,
        grid: &Frequencies,
        go_on: &impl Fn() -> Result<(), E>,
    ) -> Result<Vec<f64>, E> {
        let mut powers = Vec::with_capacity(grid.count);
        sums::for_each::<H, E>(&self.points, grid, go_on, |sums: &Sums<H>| {
            powers.push(fit::explained(sums) / self.scatter);
        })?;
        Ok(powers)
    }
}

#[cfg(test)]
mod tests;
