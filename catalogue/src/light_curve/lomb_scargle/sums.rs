//! Weighted sums of sines and cosines over all points of a light curve, at many equally spaced frequencies.
//!
//! A point's sine and cosine at the next frequency follow from those at this one by one rotation. Blocks begin
//! anew, so that rounding does not add up; four frequencies are turned at once, which compilers make vectors of.

use std::f64::consts::TAU;

use crate::light_curve::frequencies::Frequencies;

/// Frequencies that are worked on at once.
const LANES: usize = 4;

/// Groups of frequencies from one exact sine to the next.
const GROUPS: usize = 64;

/// Points whose phases are kept at once: they fit into the fastest memory.
const POINTS: usize = 256;

/// One point: the time since the first, the value without its mean, and the weight; all weights add up to one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    time_d: f64,
    weight: f64,
    weighted_value: f64,
    value: f64,
}

impl Point {
    pub(super) fn new(time_d: f64, value: f64, weight: f64) -> Self {
        Self { time_d, weight, weighted_value: weight * value, value }
    }

    pub(super) fn square(&self) -> f64 {
        self.weighted_value * self.value
    }
}

/// Sums at one frequency, of the fundamental and its harmonics up to `H`. Those with values are needed up to half
/// of `H` only, and zero above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums<const H: usize> {
    pub(super) cos: [f64; H],
    pub(super) sin: [f64; H],
    pub(super) value_cos: [f64; H],
    pub(super) value_sin: [f64; H],
}

/// Hands the sums at every frequency of a grid to `use_sums`, in order.
pub(super) fn for_each<const H: usize, E>(
    points: &[Point],
    grid: &Frequencies,
    go_on: &impl Fn() -> Result<(), E>,
    mut use_sums: impl FnMut(&Sums<H>),
) -> Result<(), E> {
    for first in (0..grid.count).step_by(GROUPS * LANES) {
        let count = (grid.count - first).min(GROUPS * LANES);
        let mut block = [Lanes::<H>::ZERO; GROUPS];
        let block = &mut block[..count.div_ceil(LANES)];
        for some in points.chunks(POINTS) {
            go_on()?;
            add(some, grid.at(first), grid.step, block);
        }
        (0..count).for_each(|index| use_sums(&block[index / LANES].at(index % LANES)));
    }
    Ok(())
}

/// Adds some points to the sums of a block whose first frequency is `first`.
fn add<const H: usize>(points: &[Point], first: f64, step: f64, block: &mut [Lanes<H>]) {
    let mut phases: Vec<Phase> = points.iter().map(|point| Phase::new(point, first, step)).collect();
    for sums in block {
        for (point, phase) in points.iter().zip(&mut phases) {
            sums.add(point, phase);
            phase.turn();
        }
    }
}

/// The cosine and sine of one point at [`LANES`] frequencies, and of the angle to the next so many.
struct Phase {
    cos: [f64; LANES],
    sin: [f64; LANES],
    turn_cos: f64,
    turn_sin: f64,
}

impl Phase {
    fn new(point: &Point, first: f64, step: f64) -> Self {
        let angle = |lane: usize| TAU * (first + step * lane as f64) * point.time_d;
        let (turn_sin, turn_cos) = (TAU * step * LANES as f64 * point.time_d).sin_cos();
        let sin_cos: [(f64, f64); LANES] = std::array::from_fn(|lane| angle(lane).sin_cos());
        Self { cos: sin_cos.map(|(_, cos)| cos), sin: sin_cos.map(|(sin, _)| sin), turn_cos, turn_sin }
    }

    #[inline]
    fn turn(&mut self) {
        for lane in 0..LANES {
            let (cos, sin) = (self.cos[lane], self.sin[lane]);
            self.cos[lane] = cos * self.turn_cos - sin * self.turn_sin;
            self.sin[lane] = sin * self.turn_cos + cos * self.turn_sin;
        }
    }
}

/// [`Sums`] at [`LANES`] frequencies.
#[derive(Clone, Copy)]
struct Lanes<const H: usize> {
    cos: [[f64; LANES]; H],
    sin: [[f64; LANES]; H],
    value_cos: [[f64; LANES]; H],
    value_sin: [[f64; LANES]; H],
}

impl<const H: usize> Lanes<H> {
    const ZERO: Self = {
        let zero = [[0.0; LANES]; H];
        Self { cos: zero, sin: zero, value_cos: zero, value_sin: zero }
    };

    /// The harmonics follow from the fundamental by the sums of angles.
    #[inline]
    fn add(&mut self, point: &Point, phase: &Phase) {
        let (mut cos, mut sin) = (phase.cos, phase.sin);
        for harmonic in 0..H {
            for lane in 0..LANES {
                self.cos[harmonic][lane] += point.weight * cos[lane];
                self.sin[harmonic][lane] += point.weight * sin[lane];
            }
            if harmonic < H / 2 {
                for lane in 0..LANES {
                    self.value_cos[harmonic][lane] += point.weighted_value * cos[lane];
                    self.value_sin[harmonic][lane] += point.weighted_value * sin[lane];
                }
            }
            for lane in 0..LANES {
                let (c, s) = (cos[lane], sin[lane]);
                cos[lane] = c * phase.cos[lane] - s * phase.sin[lane];
                sin[lane] = s * phase.cos[lane] + c * phase.sin[lane];
            }
        }
    }

    fn at(&self, lane: usize) -> Sums<H> {
        Sums {
            cos: self.cos.map(|lanes| lanes[lane]),
            sin: self.sin.map(|lanes| lanes[lane]),
            value_cos: self.value_cos.map(|lanes| lanes[lane]),
            value_sin: self.value_sin.map(|lanes| lanes[lane]),
        }
    }
}
