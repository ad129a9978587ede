//! What a light curve says: its mean and scatter, its variability indices, its period.
//!
//! Mathematics on slices only: no Arrow, no SQL, no files. Callers leave out points that are missing or rejected.
//! Times are in days, frequencies in cycles per day; values are magnitudes or fluxes, errors in the same unit.

pub(crate) mod box_least_squares;
pub(crate) mod false_alarm;
pub(crate) mod frequencies;
pub(crate) mod lomb_scargle;
pub(crate) mod photometry;
pub(crate) mod statistics;
pub(crate) mod stetson;

/// One light curve: equally many times, values and positive errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series<'a> {
    /// Days, in any order.
    pub(crate) times: &'a [f64],
    /// Magnitudes or fluxes.
    pub(crate) values: &'a [f64],
    /// Standard errors of the values.
    pub(crate) errors: &'a [f64],
}

impl Series<'_> {
    /// Days from the first point to the last; nothing for an empty series.
    pub(crate) fn baseline_d(&self) -> Option<f64> {
        let first = self.times.iter().copied().reduce(f64::min)?;
        Some(self.times.iter().copied().reduce(f64::max)? - first)
    }
}

/// The phase of a time: the fraction of a period since `epoch_d`, from 0 to below 1.
pub(crate) fn phase(time_d: f64, period_d: f64, epoch_d: f64) -> f64 {
    let phase = ((time_d - epoch_d) / period_d).rem_euclid(1.0);
    // A tiny negative number plus one rounds to one.
    if phase < 1.0 { phase } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_never_one() {
        assert_eq!(phase(7.5, 2.0, 1.0), 0.25);
        assert_eq!(phase(0.5, 2.0, 1.0), 0.75);
        assert_eq!(phase(-1e-30, 1.0, 0.0), 0.0);
    }
}
