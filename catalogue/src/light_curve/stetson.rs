//! Stetson's indices of variability (Stetson 1996, PASP 108, 851; I: Welch & Stetson 1993, AJ 105, 1813).
//!
//! Residuals are about the weighted mean, in units of the error, times sqrt(n / (n - 1)).

use super::Series;
use super::statistics::weighted_mean;

/// I: the correlation of two bands that were observed together; points with the same index are a pair.
pub(crate) fn i(first: (&[f64], &[f64]), second: (&[f64], &[f64])) -> Option<f64> {
    let (a, b) = (plain_residuals(first.0, first.1)?, plain_residuals(second.0, second.1)?);
    let count = a.len() as f64;
    let products: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    (count > 1.0).then(|| products / (count * (count - 1.0)).sqrt())
}

/// J of one band: consecutive points at most `pair_gap_d` days apart are a pair, the rest stand alone, all with
/// weight one. Large where both points of a pair deviate to the same side.
pub(crate) fn j(series: Series<'_>, pair_gap_d: f64) -> Option<f64> {
    let residuals = residuals(series.values, series.errors)?;
    let mut order: Vec<usize> = (0..residuals.len()).collect();
    order.sort_by(|&a, &b| series.times[a].total_cmp(&series.times[b]));
    let (mut sum, mut groups) = (0.0, 0.0);
    let mut rest = order.as_slice();
    while let [first, others @ ..] = rest {
        let near = others.first().filter(|&&next| series.times[next] - series.times[*first] <= pair_gap_d);
        let product = match near {
            Some(&next) => residuals[*first] * residuals[next],
            None => residuals[*first].powi(2) - 1.0,
        };
        sum += product.signum() * product.abs().sqrt();
        groups += 1.0;
        rest = &others[usize::from(near.is_some())..];
    }
    (groups > 0.0).then(|| sum / groups)
}

/// K: the mean size of the residuals over their root mean square: 0.798 for noise, 0.900 for a sine wave, less
/// for a few outliers.
pub(crate) fn k(values: &[f64], errors: &[f64]) -> Option<f64> {
    let residuals = residuals(values, errors)?;
    let count = residuals.len() as f64;
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    (squares > 0.0).then(|| residuals.iter().map(|r| r.abs()).sum::<f64>() / count / (squares / count).sqrt())
}

fn residuals(values: &[f64], errors: &[f64]) -> Option<Vec<f64>> {
    let count = values.len() as f64;
    let scale = (count > 1.0).then(|| (count / (count - 1.0)).sqrt())?;
    Some(plain_residuals(values, errors)?.into_iter().map(|residual| scale * residual).collect())
}

fn plain_residuals(values: &[f64], errors: &[f64]) -> Option<Vec<f64>> {
    let mean = weighted_mean(values, errors)?;
    Some(values.iter().zip(errors).map(|(value, error)| (value - mean) / error).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_agree_raise_j_and_pairs_that_differ_lower_it() {
        let times = [0.0, 0.07, 5.0, 5.07];
        let errors = [0.1; 4];
        let together = Series { times: &times, values: &[1.0, 1.0, -1.0, -1.0], errors: &errors };
        let apart = Series { values: &[1.0, -1.0, 1.0, -1.0], ..together };
        let (together, apart) = (j(together, 0.1).expect("points"), j(apart, 0.1).expect("points"));
        assert!((together + apart).abs() < 1e-12 && together > 10.0, "{together} {apart}");
    }

    #[test]
    fn one_outlier_has_a_small_k() {
        let mut values = vec![0.0; 100];
        values[50] = 1.0;
        assert!(k(&values, &[0.1; 100]).expect("points") < 0.25);
        assert_eq!(k(&[3.0], &[1.0]), None);
    }
}
