//! The highest peaks of a periodogram, more finely than its grid.

use super::LombScargle;
use crate::light_curve::frequencies::Frequencies;

/// Frequencies on each side of a peak when it is looked at closely, and how often it is.
const CLOSER: usize = 10;
const LOOKS: usize = 2;

/// A local maximum of the periodogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Peak {
    /// Cycles per day.
    pub(crate) frequency: f64,
    /// Power in the standard normalisation.
    pub(crate) power: f64,
}

impl LombScargle {
    /// The `most` highest local maxima, the highest first, each to about 1/100 of the grid's step.
    pub(crate) fn peaks<E>(
        &self,
        grid: &Frequencies,
        most: usize,
        go_on: &impl Fn() -> Result<(), E>,
    ) -> Result<Vec<Peak>, E> {
        let powers = self.powers(grid, go_on)?;
        let mut peaks: Vec<Peak> = (0..powers.len())
            .filter(|&index| is_maximum(&powers, index))
            .map(|index| Peak { frequency: grid.at(index), power: powers[index] })
            .collect();
        peaks.sort_by(|a, b| b.power.total_cmp(&a.power));
        peaks.truncate(most);
        for peak in &mut peaks {
            *peak = self.closer(*peak, grid, go_on)?;
        }
        peaks.sort_by(|a, b| b.power.total_cmp(&a.power));
        Ok(peaks)
    }

    fn closer<E>(
        &self,
        mut peak: Peak,
        grid: &Frequencies,
        go_on: &impl Fn() -> Result<(), E>,
    ) -> Result<Peak, E> {
        let mut grid = *grid;
        for _ in 0..LOOKS {
            grid = grid.around(peak.frequency, CLOSER);
            let powers = self.powers(&grid, go_on)?;
            for (index, power) in powers.into_iter().enumerate() {
                if power > peak.power {
                    peak = Peak { frequency: grid.at(index), power };
                }
            }
        }
        Ok(peak)
    }
}

/// Of equal neighbours the first counts.
fn is_maximum(powers: &[f64], index: usize) -> bool {
    let before = index.checked_sub(1).map_or(f64::NEG_INFINITY, |before| powers[before]);
    let after = powers.get(index + 1).copied().unwrap_or(f64::NEG_INFINITY);
    powers[index] > before && powers[index] >= after
}
