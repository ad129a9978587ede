//! The least-squares fit of sines and cosines to a light curve, from the sums over its points.

use super::sums::Sums;

/// A direction in which the points say less than this about the model, relative to all, says nothing.
const NOTHING: f64 = 1e-12;

/// The weighted mean square that the best fit of `H / 2` harmonics and a mean takes away.
pub(super) fn explained<const H: usize>(sums: &Sums<H>) -> f64 {
    let mut matrix = normal_matrix(sums);
    let mut values: [f64; H] = std::array::from_fn(|row| match row < H / 2 {
        true => sums.value_cos[row],
        false => sums.value_sin[row - H / 2],
    });
    eliminate(&mut matrix, &mut values)
}

/// The matrix of the normal equations: first the cosines of all harmonics and then their sines, with the mean
/// eliminated. Products of sines and cosines are sums of higher and lower harmonics.
fn normal_matrix<const H: usize>(sums: &Sums<H>) -> [[f64; H]; H] {
    let half = H / 2;
    let cos = |harmonic: usize| if harmonic == 0 { 1.0 } else { sums.cos[harmonic - 1] };
    let sin = |harmonic: usize| if harmonic == 0 { 0.0 } else { sums.sin[harmonic - 1] };
    let mut matrix = [[0.0; H]; H];
    for a in 1..=half {
        for b in 1..=half {
            let (sum, difference) = (a + b, a.abs_diff(b));
            let sin_difference = if b >= a { sin(difference) } else { -sin(difference) };
            matrix[a - 1][b - 1] = 0.5 * (cos(difference) + cos(sum)) - cos(a) * cos(b);
            matrix[half + a - 1][half + b - 1] = 0.5 * (cos(difference) - cos(sum)) - sin(a) * sin(b);
            let mixed = 0.5 * (sin(sum) + sin_difference) - cos(a) * sin(b);
            matrix[a - 1][half + b - 1] = mixed;
            matrix[half + b - 1][a - 1] = mixed;
        }
    }
    matrix
}

/// `values` times the inverse of `matrix` times `values`, by elimination. The matrix is symmetric and has no
/// negative direction, so that no pivoting is needed.
fn eliminate<const H: usize>(matrix: &mut [[f64; H]; H], values: &mut [f64; H]) -> f64 {
    let mut product = 0.0;
    for pivot in 0..H {
        let (above, value) = (matrix[pivot], values[pivot]);
        if above[pivot] < NOTHING {
            continue;
        }
        product += value * value / above[pivot];
        for (row, other) in matrix.iter_mut().zip(values.iter_mut()).skip(pivot + 1) {
            let factor = row[pivot] / above[pivot];
            *other -= factor * value;
            row.iter_mut().zip(&above).for_each(|(cell, above)| *cell -= factor * above);
        }
    }
    product
}
