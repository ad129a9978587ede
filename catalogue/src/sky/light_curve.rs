//! The shapes of light curves: magnitude against phase, by class.

use std::f64::consts::TAU;

use super::variable::{Class, Variable};

/// Amplitudes of the harmonics of `-sin(2 pi k phase)`, and the height of their sum from peak to peak.
/// With falling amplitudes the star fades slowly and brightens fast, at phase 0.
struct Harmonics(&'static [f64], f64);

const RRAB: Harmonics = Harmonics(&[1.0, 0.47, 0.33, 0.21, 0.12, 0.06], 2.957_9);
const RRC: Harmonics = Harmonics(&[1.0, 0.10], 2.038_2);
const CEPHEID: Harmonics = Harmonics(&[1.0, 0.42, 0.17, 0.06], 2.498_0);
const LONG_PERIOD: Harmonics = Harmonics(&[1.0, 0.12], 2.054_0);

/// Half the width of an eclipse in phase: short-period pairs are in contact and eclipse all the time.
fn eclipse_width(period_d: f64) -> f64 {
    (0.045 / period_d.sqrt()).clamp(0.015, 0.09)
}

/// G, BP and RP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands<T> {
    /// The wide band.
    pub g: T,
    /// The blue band.
    pub bp: T,
    /// The red band.
    pub rp: T,
}

impl Variable {
    /// Magnitude against the mean in each band at a time in days.
    pub fn brightness(&self, time_d: f64) -> Bands<f64> {
        let phase = (time_d / self.period_d + self.phase).rem_euclid(1.0);
        let g = self.amplitude_g * self.shape(phase);
        let (bp, rp) = match self.class {
            Class::RrAb | Class::RrC | Class::Cepheid => (1.25, 0.72),
            Class::EclipsingBinary => (1.03, 0.97),
            Class::LongPeriod => (1.5, 0.85),
        };
        Bands { g, bp: bp * g, rp: rp * g }
    }

    fn shape(&self, phase: f64) -> f64 {
        match self.class {
            Class::RrAb => RRAB.at(phase),
            Class::RrC => RRC.at(phase),
            Class::Cepheid => CEPHEID.at(phase),
            Class::LongPeriod => LONG_PERIOD.at(phase),
            Class::EclipsingBinary => {
                let width = eclipse_width(self.period_d);
                let dip = |centre: f64| {
                    let distance = (phase - centre + 0.5).rem_euclid(1.0) - 0.5;
                    (-0.5 * (distance / width).powi(2)).exp()
                };
                dip(0.0) + self.second_depth * dip(0.5)
            }
        }
    }
}

impl Harmonics {
    fn at(&self, phase: f64) -> f64 {
        let waves = self.0.iter().zip(1u8..);
        waves.map(|(amplitude, k)| -amplitude * (TAU * f64::from(k) * phase).sin()).sum::<f64>() / self.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_one_high_and_average_to_nothing() {
        for harmonics in [RRAB, RRC, CEPHEID, LONG_PERIOD] {
            let values: Vec<f64> = (0..1000).map(|i| harmonics.at(f64::from(i) / 1000.0)).collect();
            let high = values.iter().copied().fold(f64::MIN, f64::max);
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            assert!((high - low - 1.0).abs() < 0.002, "{}", high - low);
            assert!(values.iter().sum::<f64>().abs() < 1e-9);
        }
    }
}
