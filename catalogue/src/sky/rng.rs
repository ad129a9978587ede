//! Random numbers by counting: a generator for each (seed, purpose, item, row), independent of all others.
//!
//! So every tile, and every star in it, comes out the same alone or in any order, on any number of threads.
//! Good for a model of the sky; no use for secrets.

use std::f64::consts::TAU;

/// What the numbers are for. Two purposes never share a sequence.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// How many field stars a cell has.
    Count,
    /// A field star.
    Field,
    /// A member of a cluster.
    Member,
    /// A variable star.
    Variable,
    /// What Gaia measured of a star.
    Observation,
    /// The transits of a variable star.
    Transits,
    /// The permutation in `random_index`.
    Permutation,
    /// A position in a user's table.
    User,
    /// A cone of the golden answers.
    Cone,
    /// Epoch astrometry.
    Astrometry,
    /// A spectrum.
    Spectrum,
}

/// A SplitMix64 sequence (Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    spare: Option<f64>,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The sequence of one row of one item.
    pub fn new(seed: u64, purpose: Purpose, item: u64, row: u64) -> Self {
        let state =
            [purpose as u64, item, row].into_iter().fold(mix(seed.wrapping_add(STEP)), |state, part| {
                mix(state.rotate_left(23) ^ mix(part.wrapping_add(STEP)))
            });
        Self { state, spare: None }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Uniform in 0 (inclusive) to 1 (exclusive).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller 1958).
    pub fn gaussian(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (TAU * self.unit()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Three independent normal numbers.
    pub fn gaussian3(&mut self) -> [f64; 3] {
        [self.gaussian(), self.gaussian(), self.gaussian()]
    }

    /// A Poisson number: by products of uniforms (Knuth), or the normal limit where they are many.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.gaussian()).round().max(0.0) as u32;
        }
        let floor = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// The position of a draw in cumulative weights; the weights need no normalisation.
    pub fn pick(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(0.0);
        let at = self.unit() * total;
        cumulative.partition_point(|&sum| sum <= at).min(cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_gives_the_same_numbers_and_another_key_others() {
        let first = |seed, purpose, item, row| Rng::new(seed, purpose, item, row).bits();
        assert_eq!(first(1, Purpose::Field, 2, 3), first(1, Purpose::Field, 2, 3));
        let all = [
            first(1, Purpose::Field, 2, 3),
            first(2, Purpose::Field, 2, 3),
            first(1, Purpose::Member, 2, 3),
            first(1, Purpose::Field, 3, 2),
            first(1, Purpose::Field, 2, 4),
        ];
        assert!((0..5).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:x?}");
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let draws = 100_000;
        for mean in [0.3, 8.0, 300.0] {
            let sum: u64 =
                (0..draws).map(|i| u64::from(Rng::new(5, Purpose::Count, 0, i).poisson(mean))).sum();
            let deviation = (sum as f64 - mean * draws as f64) / (mean * draws as f64).sqrt();
            assert!(deviation.abs() < 4.0, "poisson({mean}) is off by {deviation} sigma");
        }
        let mut rng = Rng::new(5, Purpose::Field, 0, 0);
        let squares: f64 = (0..draws).map(|_| rng.gaussian().powi(2)).sum();
        assert!((squares / draws as f64 - 1.0).abs() < 0.02, "{squares}");
    }
}
