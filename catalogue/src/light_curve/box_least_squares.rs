//! Box-shaped dips that come back with a period: eclipses and transits of planets (Kovacs, Zucker & Mazeh 2002,
//! A&A 391, 369).
//!
//! For every period the points are folded into bins of a tenth of the shortest duration, and every stretch of bins
//! as long as a duration is compared with the rest. Values are fluxes: a dip is where they are lower.

mod folded;

use super::Series;
use super::frequencies::Periods;
use super::statistics::median;
use folded::Folded;

/// Bins over the shortest duration.
pub(super) const BINS_PER_DURATION: f64 = 10.0;

/// Periods between two questions whether to go on.
const PERIODS: usize = 16;

/// The most likely dip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dip {
    /// From one dip to the next, days.
    pub(crate) period_d: f64,
    /// From its beginning to its end, days.
    pub(crate) duration_d: f64,
    /// The middle of the first dip after the first point, days.
    pub(crate) time_d: f64,
    /// How much lower the values are inside than outside.
    pub(crate) depth: f64,
    /// Its standard error.
    pub(crate) depth_error: f64,
    /// How much the logarithm of the likelihood gains over values without a dip.
    pub(crate) log_likelihood: f64,
}

/// The dip that explains most, among all periods of a grid and all durations in days. Nothing if there are no
/// points, or no values are lower than others. Calls `go_on` every few milliseconds and ends with its error.
pub(crate) fn search<E>(
    series: Series<'_>,
    periods: &Periods,
    durations_d: &[f64],
    go_on: &impl Fn() -> Result<(), E>,
) -> Result<Option<Dip>, E> {
    let Some(middle) = median(series.values) else { return Ok(None) };
    let start_d = series.times.iter().copied().fold(f64::INFINITY, f64::min);
    let shortest_d = durations_d.iter().copied().fold(f64::INFINITY, f64::min);
    let mut folded = Folded::new(series, middle, start_d, shortest_d / BINS_PER_DURATION);
    let mut best: Option<Dip> = None;
    for index in 0..periods.count {
        if index % PERIODS == 0 {
            go_on()?;
        }
        folded.fold(periods.at(index), go_on)?;
        for dip in durations_d.iter().filter_map(|&duration_d| folded.deepest(duration_d)) {
            if best.is_none_or(|best| dip.log_likelihood > best.log_likelihood) {
                best = Some(dip);
            }
        }
    }
    Ok(best.map(|dip| Dip { time_d: dip.time_d + start_d, ..dip }))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_box_is_found_with_its_period_depth_and_time() {
        let times: Vec<f64> = (0..400).map(|i| 2.0 + f64::from(i) * 0.137).collect();
        let dark = |t: &f64| (t - 0.9).rem_euclid(3.7) < 0.3;
        let values: Vec<f64> = times.iter().map(|t| if dark(t) { 98.0 } else { 100.0 }).collect();
        let series = Series { times: &times, values: &values, errors: &[0.2; 400] };
        let periods = Periods::covering(2.0, 6.0, 55.0, 0.3);
        let Ok(dip) = search(series, &periods, &[0.3, 0.5], &|| Ok::<_, Infallible>(()));
        let dip = dip.expect("a dip");
        assert!((dip.period_d - 3.7).abs() < 0.02, "{dip:?}");
        assert!((dip.depth - 2.0).abs() < 0.1 && dip.duration_d == 0.3, "{dip:?}");
        assert!(((dip.time_d - 1.05) / 3.7 - ((dip.time_d - 1.05) / 3.7).round()).abs() < 0.03, "{dip:?}");
    }

    #[test]
    fn constant_values_have_no_dip() {
        let times: Vec<f64> = (0..40).map(f64::from).collect();
        let series = Series { times: &times, values: &[5.0; 40], errors: &[1.0; 40] };
        let periods = Periods { first_d: 2.3, factor: 1.1, count: 5 };
        assert_eq!(search(series, &periods, &[0.5], &|| Ok::<_, Infallible>(())), Ok(None));
    }
}
