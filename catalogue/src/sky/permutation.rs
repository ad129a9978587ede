//! A random order of the rows without a table of it: `random_index`.

use super::rng::{Purpose, Rng};

const ROUNDS: usize = 4;

/// A permutation of 0..n: a Feistel network over the next power of four, walked until it falls below n
/// (Black and Rogaway 2002).
pub struct Permutation {
    n: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of `n` numbers that belongs to a seed.
    pub fn new(seed: u64, n: u64) -> Self {
        let mut rng = Rng::new(seed, Purpose::Permutation, 0, 0);
        let bits = u64::BITS - n.saturating_sub(1).leading_zeros();
        Self { n, half_bits: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| rng.bits()) }
    }

    /// Where `index`, below n, goes.
    pub fn apply(&self, index: u64) -> u64 {
        let mut value = self.round_trip(index);
        while value >= self.n {
            value = self.round_trip(value);
        }
        value
    }

    fn round_trip(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for (round, key) in self.keys.iter().enumerate() {
            let scrambled = Rng::new(*key, Purpose::Permutation, round as u64, right).bits();
            (left, right) = (right, left ^ (scrambled & mask));
        }
        left << self.half_bits | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_appears_once() {
        for n in [1, 2, 5, 1000, 4097] {
            let permutation = Permutation::new(7, n);
            let mut values: Vec<u64> = (0..n).map(|i| permutation.apply(i)).collect();
            values.sort_unstable();
            assert_eq!(values, (0..n).collect::<Vec<_>>());
        }
    }
}
