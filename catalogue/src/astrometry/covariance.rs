//! How well the six astrometric parameters are known together, and how that changes on the way to another epoch.

use super::{AU_PER_YEAR_KM_S, Astrometry};

/// Parameters.
const N: usize = 6;

/// Pairs of parameters.
const PAIRS: usize = N * (N - 1) / 2;

/// Standard errors and correlations as the Gaia archive's columns give them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Of position to the east and north, parallax and proper motion: mas and mas a year.
    pub errors_mas: [f64; 5],
    /// Of each pair of those five: ra with dec, parallax, pmra and pmdec, then dec with the later ones, and so on.
    pub correlations: [f64; 10],
    /// Of the radial velocity, km/s.
    pub velocity_error_km_s: f64,
}

/// The covariance matrix of an [`Astrometry`], in mas and mas a year. It is symmetric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covariance(pub [[f64; N]; N]);

impl Errors {
    /// The covariance matrix of a star with this parallax (mas) and radial velocity (km/s). The sixth parameter is
    /// their product (SP-1200, volume 1, equation 1.5.69), so it shares the parallax's correlations.
    pub fn covariance(&self, parallax_mas: f64, velocity_km_s: f64) -> Covariance {
        let mut matrix = [[0.0; N]; N];
        for (i, error) in self.errors_mas.iter().enumerate() {
            matrix[i][i] = error * error;
        }
        let pairs = (0..5).flat_map(|i| (i + 1..5).map(move |j| (i, j)));
        for ((i, j), correlation) in pairs.zip(self.correlations) {
            matrix[i][j] = correlation * self.errors_mas[i] * self.errors_mas[j];
            matrix[j][i] = matrix[i][j];
        }
        let (velocity, error) =
            (velocity_km_s / AU_PER_YEAR_KM_S, self.velocity_error_km_s / AU_PER_YEAR_KM_S);
        for row in &mut matrix[..5] {
            row[5] = row[2] * velocity;
        }
        matrix[5] = std::array::from_fn(|i| matrix[i][5]);
        matrix[5][5] = matrix[2][2] * (velocity.powi(2) + error.powi(2)) + (parallax_mas * error).powi(2);
        Covariance(matrix)
    }
}

impl Covariance {
    /// Of standard errors (mas, mas a year) and the correlations of each pair: the first parameter with the others,
    /// then the second with the later ones, and so on.
    pub fn of(errors: [f64; N], correlations: [f64; PAIRS]) -> Self {
        let mut matrix = [[0.0; N]; N];
        for (i, error) in errors.iter().enumerate() {
            matrix[i][i] = error * error;
        }
        for ((i, j), correlation) in pairs().zip(correlations) {
            matrix[i][j] = correlation * errors[i] * errors[j];
            matrix[j][i] = matrix[i][j];
        }
        Self(matrix)
    }

    /// Standard errors and correlations, in the order of [`Self::of`]. What has no error correlates with nothing.
    pub fn errors(&self) -> ([f64; N], [f64; PAIRS]) {
        let errors: [f64; N] = std::array::from_fn(|i| self.0[i][i].sqrt());
        let mut correlations = [0.0; PAIRS];
        for ((i, j), correlation) in pairs().zip(&mut correlations) {
            let product = errors[i] * errors[j];
            *correlation = if product > 0.0 { self.0[i][j] / product } else { 0.0 };
        }
        (errors, correlations)
    }

    /// The covariance so many Julian years later of a star that has this one now: J C J^T.
    pub fn after(&self, star: &Astrometry, years: f64) -> Self {
        let jacobian = star.jacobian(years);
        let sum = |terms: &dyn Fn(usize) -> f64| (0..N).map(terms).sum::<f64>();
        let half: [[f64; N]; N] =
            std::array::from_fn(|i| std::array::from_fn(|j| sum(&|k| jacobian[i][k] * self.0[k][j])));
        Self(std::array::from_fn(|i| std::array::from_fn(|j| sum(&|k| half[i][k] * jacobian[j][k]))))
    }
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..N).flat_map(|i| (i + 1..N).map(move |j| (i, j)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_correlations_survive_the_way_through_the_matrix() {
        let errors = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0];
        let correlations =
            std::array::from_fn(|i| if [4, 8, 11, 13, 14].contains(&i) { 0.0 } else { 0.05 * i as f64 });
        let covariance = Covariance::of(errors, correlations);
        let (errors2, correlations2) = covariance.errors();
        assert_eq!(errors2, errors);
        for (a, b) in correlations.iter().zip(correlations2) {
            assert!((a - b).abs() < 1e-15, "{a} {b}");
        }
    }

    #[test]
    fn no_time_changes_nothing() {
        let star = Astrometry {
            ra_deg: 10.0,
            dec_deg: 20.0,
            parallax_mas: 5.0,
            pm_ra_mas: 30.0,
            pm_dec_mas: -40.0,
            pm_radial_mas: 7.0,
        };
        let covariance = Covariance::of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.1; 15]);
        let after = covariance.after(&star, 0.0);
        for (row, row2) in covariance.0.iter().zip(after.0) {
            for (a, b) in row.iter().zip(row2) {
                assert!((a - b).abs() < 1e-15, "{a} {b}");
            }
        }
    }
}
