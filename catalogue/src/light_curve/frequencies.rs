//! Grids of trial frequencies and periods. Whether a grid is too long is for callers to say.

/// Points of a grid over the width of the narrowest peak that a light curve can have.
const PER_PEAK: f64 = 5.0;

/// Equally spaced frequencies in cycles per day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frequencies {
    /// The lowest.
    pub(crate) first: f64,
    /// From one to the next.
    pub(crate) step: f64,
    /// How many.
    pub(crate) count: usize,
}

impl Frequencies {
    /// Frequencies from `min` to about `max`, close enough that no peak of a light curve of this length is missed,
    /// with as many harmonics as are fitted.
    pub(crate) fn covering(min: f64, max: f64, baseline_d: f64, harmonics: usize) -> Self {
        let step = 1.0 / (PER_PEAK * harmonics as f64 * baseline_d);
        // The conversion saturates, so that an endless grid is a long one.
        Self { first: min, step, count: (((max - min) / step).round() as usize).saturating_add(1) }
    }

    /// The frequency with this index.
    pub(crate) fn at(&self, index: usize) -> f64 {
        self.first + self.step * index as f64
    }

    /// `2 n + 1` frequencies around one of this grid, up to its neighbours.
    pub(crate) fn around(&self, frequency: f64, n: usize) -> Self {
        let first = (frequency - self.step).max(self.first);
        let last = (frequency + self.step).min(self.at(self.count.saturating_sub(1)).max(frequency));
        Self { first, step: (last - first) / (2 * n) as f64, count: 2 * n + 1 }
    }
}

/// Periods of which each is longer than the one before by the same factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Periods {
    /// The shortest, in days.
    pub(crate) first_d: f64,
    /// From one to the next.
    pub(crate) factor: f64,
    /// How many.
    pub(crate) count: usize,
}

impl Periods {
    /// Periods from `min_d` to about `max_d`. Over the length of the light curve a dip moves by no more than half
    /// its duration between one period and the next.
    pub(crate) fn covering(min_d: f64, max_d: f64, baseline_d: f64, duration_d: f64) -> Self {
        let factor = 1.0 + 0.5 * duration_d / baseline_d;
        let count = ((max_d / min_d).ln() / factor.ln()).ceil() as usize;
        Self { first_d: min_d, factor, count: count.saturating_add(1) }
    }

    /// The period with this index, in days.
    pub(crate) fn at(&self, index: usize) -> f64 {
        self.first_d * self.factor.powf(index as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_frequencies_fit_into_a_peak() {
        let grid = Frequencies::covering(1.0, 2.0, 100.0, 1);
        assert_eq!((grid.count, grid.at(0), grid.at(500)), (501, 1.0, 2.0));
        assert_eq!(Frequencies::covering(0.0, f64::MAX, 1.0, 1).count, usize::MAX);
    }

    #[test]
    fn the_surroundings_of_an_end_stay_inside() {
        let grid = Frequencies { first: 1.0, step: 0.5, count: 3 };
        assert_eq!(grid.around(1.0, 1), Frequencies { first: 1.0, step: 0.25, count: 3 });
        assert_eq!(grid.around(1.5, 1), Frequencies { first: 1.0, step: 0.5, count: 3 });
        assert_eq!(grid.around(2.0, 1), Frequencies { first: 1.5, step: 0.25, count: 3 });
    }

    #[test]
    fn periods_reach_the_longest() {
        let grid = Periods::covering(1.0, 10.0, 100.0, 1.0);
        assert!(grid.at(grid.count - 1) >= 10.0 && grid.at(grid.count - 2) <= 10.0, "{grid:?}");
    }
}
