//! Mean, scatter and shape of the values of a light curve.
//!
//! Weights are one over the square of the error. Nothing comes of too few values, rather than an infinity.

use super::Series;

/// The mean, weighted.
pub(crate) fn weighted_mean(values: &[f64], errors: &[f64]) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (value, weight) in values.iter().zip(weights_of(errors)) {
        sum += weight * value;
        weights += weight;
    }
    (weights > 0.0).then(|| sum / weights)
}

/// The standard deviation about the weighted mean, weighted, with n / (n - 1) for the mean that was taken.
pub(crate) fn weighted_std(values: &[f64], errors: &[f64]) -> Option<f64> {
    let mean = weighted_mean(values, errors)?;
    let squares: f64 = values.iter().zip(weights_of(errors)).map(|(v, w)| w * (v - mean).powi(2)).sum();
    let count = number(values);
    let weights: f64 = weights_of(errors).sum();
    (count > 1.0).then(|| (squares / weights * count / (count - 1.0)).sqrt())
}

/// The sum of squared deviations from the weighted mean, each in units of its error.
pub(crate) fn chi2(values: &[f64], errors: &[f64]) -> Option<f64> {
    let mean = weighted_mean(values, errors)?;
    Some(values.iter().zip(errors).map(|(value, error)| ((value - mean) / error).powi(2)).sum())
}

/// The mean without weights.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / number(values))
}

/// The standard deviation of a sample, without weights.
pub(crate) fn std(values: &[f64]) -> Option<f64> {
    let squares = central_moment(values, 2)? * number(values);
    (values.len() > 1).then(|| (squares / (number(values) - 1.0)).sqrt())
}

/// The third moment about the mean, over the second to the power of 3/2.
pub(crate) fn skewness(values: &[f64]) -> Option<f64> {
    let variance = central_moment(values, 2)?;
    (variance > 0.0).then(|| central_moment(values, 3).map(|third| third / variance.powf(1.5))).flatten()
}

/// The fourth moment about the mean, over the square of the second, less the 3 of a normal distribution.
pub(crate) fn kurtosis(values: &[f64]) -> Option<f64> {
    let variance = central_moment(values, 2)?;
    (variance > 0.0)
        .then(|| central_moment(values, 4).map(|fourth| fourth / variance.powi(2) - 3.0))
        .flatten()
}

/// The highest less the lowest value.
pub(crate) fn peak_to_peak(values: &[f64]) -> Option<f64> {
    let lowest = values.iter().copied().reduce(f64::min)?;
    Some(values.iter().copied().reduce(f64::max)? - lowest)
}

/// The middle value; the mean of the middle two of an even number.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    let middle = sorted.len() / 2;
    if sorted.is_empty() {
        return None;
    }
    let (lower, upper, _) = sorted.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    match values.len() % 2 {
        1 => Some(upper),
        _ => lower.iter().copied().reduce(f64::max).map(|lower| f64::midpoint(lower, upper)),
    }
}

/// The median of the distances to the median. Times 1.4826 it is the sigma of a normal distribution.
pub(crate) fn median_absolute_deviation(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    median(&values.iter().map(|value| (value - middle).abs()).collect::<Vec<_>>())
}

/// The mean squared step from one point to the next in time, over the variance: about 2 for noise, less for
/// smooth changes (von Neumann 1941, Ann. Math. Stat. 12, 367). The errors are not used.
pub(crate) fn von_neumann(series: Series<'_>) -> Option<f64> {
    let variance = std(series.values)?.powi(2);
    let mut order: Vec<usize> = (0..series.values.len()).collect();
    order.sort_by(|&a, &b| series.times[a].total_cmp(&series.times[b]));
    let steps = order.windows(2).map(|pair| (series.values[pair[1]] - series.values[pair[0]]).powi(2));
    (variance > 0.0).then(|| steps.sum::<f64>() / (number(series.values) - 1.0) / variance)
}

fn weights_of(errors: &[f64]) -> impl Iterator<Item = f64> {
    errors.iter().map(|error| 1.0 / (error * error))
}

fn central_moment(values: &[f64], power: i32) -> Option<f64> {
    let centre = mean(values)?;
    mean(&values.iter().map(|value| (value - centre).powi(power)).collect::<Vec<_>>())
}

fn number(values: &[f64]) -> f64 {
    values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_no_scatter() {
        assert_eq!((mean(&[]), median(&[]), peak_to_peak(&[])), (None, None, None));
        assert_eq!((std(&[1.0]), weighted_std(&[1.0], &[1.0])), (None, None));
        assert_eq!((skewness(&[2.0, 2.0]), kurtosis(&[2.0, 2.0])), (None, None));
    }

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&[5.0, 1.0, 3.0, 9.0]), Some(4.0));
        assert_eq!(median_absolute_deviation(&[1.0, 2.0, 3.0, 4.0, 100.0]), Some(1.0));
    }

    #[test]
    fn a_precise_value_outweighs_a_rough_one() {
        assert_eq!(weighted_mean(&[1.0, 6.0], &[1.0, 2.0]), Some(2.0));
        assert_eq!(chi2(&[1.0, 6.0], &[1.0, 2.0]), Some(5.0));
    }

    #[test]
    fn alternating_values_step_more_than_noise() {
        let times = [3.0, 1.0, 2.0, 0.0];
        let values = [1.0, 1.0, -1.0, -1.0];
        let series = Series { times: &times, values: &values, errors: &[1.0; 4] };
        assert_eq!(von_neumann(series), Some(3.0));
    }
}
