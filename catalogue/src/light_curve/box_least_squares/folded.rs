//! A light curve folded with a period into bins, as running sums.

use super::Dip;
use crate::light_curve::Series;

/// Points between two questions whether to go on.
const POINTS: usize = 1 << 16;

/// Weights this small, relative to all, are rounding.
const NOTHING: f64 = 1e-12;

/// A point: days since the first, weight, and weighted value.
struct Point {
    time_d: f64,
    weight: f64,
    value: f64,
}

/// Sums of weights and of weighted values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    weight: f64,
    value: f64,
}

/// A light curve, and its sums over bins of phase.
pub(super) struct Folded {
    points: Vec<Point>,
    bin_d: f64,
    all: Sums,
    period_d: f64,
    /// Sums from the beginning of the period to the end of each bin; it goes round once more than the period.
    running: Vec<Sums>,
    /// Bins in the period.
    bins: usize,
}

impl Folded {
    pub(super) fn new(series: Series<'_>, middle: f64, start_d: f64, bin_d: f64) -> Self {
        let points = series.times.iter().zip(series.values).zip(series.errors);
        let points: Vec<Point> = points
            .map(|((time, value), error)| {
                let weight = error.powi(-2);
                Point { time_d: time - start_d, weight, value: weight * (value - middle) }
            })
            .collect();
        let all = points.iter().fold(Sums::default(), |sums, point| sums.plus(point.weight, point.value));
        Self { points, bin_d, all, period_d: 0.0, running: Vec::new(), bins: 0 }
    }

    /// Folds the points with another period.
    pub(super) fn fold<E>(&mut self, period_d: f64, go_on: &impl Fn() -> Result<(), E>) -> Result<(), E> {
        self.period_d = period_d;
        self.bins = (period_d / self.bin_d).ceil() as usize;
        self.running.clear();
        self.running.resize(self.bins + 1, Sums::default());
        for some in self.points.chunks(POINTS) {
            if self.points.len() > POINTS {
                go_on()?;
            }
            for point in some {
                let bin = (point.time_d.rem_euclid(period_d) / self.bin_d) as usize;
                let sums = &mut self.running[bin.min(self.bins - 1) + 1];
                *sums = sums.plus(point.weight, point.value);
            }
        }
        for bin in 1..=self.bins {
            let before = self.running[bin - 1];
            self.running[bin] = self.running[bin].plus(before.weight, before.value);
        }
        Ok(())
    }

    /// The most likely dip of this duration, its time counted from the first point.
    pub(super) fn deepest(&self, duration_d: f64) -> Option<Dip> {
        let width = (duration_d / self.bin_d).round() as usize;
        if width >= self.bins {
            return None;
        }
        let (mut best, mut before) = (None, Sums::default());
        for first in 0..self.bins {
            let inside = self.between(first, first + width);
            // Most bins are empty, so that most stretches hold the same points as the one before.
            if inside != before
                && let Some(gain) = self.gain(inside)
                && best.is_none_or(|(_, highest)| gain > highest)
            {
                best = Some((first, gain));
            }
            before = inside;
        }
        best.and_then(|(first, _)| self.dip(first, width, duration_d))
    }

    /// How much the logarithm of the likelihood gains from a lower level inside.
    fn gain(&self, inside: Sums) -> Option<f64> {
        let outside = self.all.minus(inside);
        let least = NOTHING * self.all.weight;
        let depth = outside.value / outside.weight - inside.value / inside.weight;
        (inside.weight > least && outside.weight > least && depth > 0.0)
            .then_some(0.5 * inside.weight * depth * depth)
    }

    fn dip(&self, first: usize, width: usize, duration_d: f64) -> Option<Dip> {
        let inside = self.between(first, first + width);
        let outside = self.all.minus(inside);
        Some(Dip {
            period_d: self.period_d,
            duration_d,
            time_d: (first as f64 * self.bin_d + 0.5 * duration_d).rem_euclid(self.period_d),
            depth: outside.value / outside.weight - inside.value / inside.weight,
            depth_error: (1.0 / inside.weight + 1.0 / outside.weight).sqrt(),
            log_likelihood: self.gain(inside)?,
        })
    }

    /// The sums of some bins; beyond the end of the period follows its beginning.
    fn between(&self, first: usize, end: usize) -> Sums {
        let start = self.running[first];
        let stop = match end.checked_sub(self.bins) {
            Some(again) => {
                self.running[self.bins].plus(self.running[again].weight, self.running[again].value)
            }
            None => self.running[end],
        };
        stop.minus(start)
    }
}

impl Sums {
    fn plus(self, weight: f64, value: f64) -> Self {
        Self { weight: self.weight + weight, value: self.value + value }
    }

    fn minus(self, other: Self) -> Self {
        Self { weight: self.weight - other.weight, value: self.value - other.value }
    }
}
