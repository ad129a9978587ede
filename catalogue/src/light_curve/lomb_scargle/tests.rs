use std::convert::Infallible;
use std::f64::consts::TAU;

use super::*;

const GO_ON: fn() -> Result<(), Infallible> = || Ok(());

/// Uneven times, and errors that differ.
fn observations() -> (Vec<f64>, Vec<f64>) {
    let times = (0..60).map(|i| f64::from(i) * 1.7 + f64::from(i * i % 11) * 0.31).collect();
    let errors = (0..60).map(|i| 0.01 + 0.002 * f64::from(i % 5)).collect();
    (times, errors)
}

#[test]
fn a_sine_wave_has_all_its_power_at_its_frequency() {
    let (times, errors) = observations();
    let values: Vec<f64> = times.iter().map(|t| 15.0 + 0.3 * (TAU * 1.37 * t + 0.4).sin()).collect();
    let series = Series { times: &times, values: &values, errors: &errors };
    let periodogram = LombScargle::new(series, 1).expect("enough points");
    assert!((periodogram.power(1.37, Normalisation::Standard) - 1.0).abs() < 1e-12);
    let grid = Frequencies::covering(0.1, 3.0, series.baseline_d().expect("points"), 1);
    let Ok(peaks) = periodogram.peaks(&grid, 3, &GO_ON);
    assert!((peaks[0].frequency - 1.37).abs() < 1e-4, "{peaks:?}");
    assert!(peaks[1].power <= peaks[0].power && peaks.len() == 3);
}

#[test]
fn harmonics_take_what_a_sine_leaves() {
    let (times, errors) = observations();
    let saw = |t: f64| (1..=3).map(|k| (TAU * 1.1 * f64::from(k) * t).sin() / f64::from(k)).sum::<f64>();
    let values: Vec<f64> = times.iter().map(|&t| saw(t)).collect();
    let series = Series { times: &times, values: &values, errors: &errors };
    let power =
        |harmonics| LombScargle::new(series, harmonics).expect("points").power(1.1, Normalisation::Standard);
    assert!(power(1) < 0.8 && power(2) > power(1) && (power(3) - 1.0).abs() < 1e-10);
}

#[test]
fn a_long_grid_gives_what_single_frequencies_give() {
    let (times, errors) = observations();
    let values: Vec<f64> = times.iter().map(|t| (t * 0.77).cos() + (t * 12.0).sin()).collect();
    let series = Series { times: &times, values: &values, errors: &errors };
    let periodogram = LombScargle::new(series, 2).expect("enough points");
    let grid = Frequencies { first: 0.05, step: 0.0013, count: 5_000 };
    let Ok(powers) = periodogram.powers(&grid, &GO_ON);
    assert_eq!(powers.len(), 5_000);
    for index in (0..5_000).step_by(97) {
        let exact = periodogram.power(grid.at(index), Normalisation::Standard);
        assert!((powers[index] - exact).abs() < 1e-10, "{index}: {} {exact}", powers[index]);
    }
}

#[test]
fn constant_or_few_values_have_no_periodogram() {
    let (times, errors) = observations();
    let constant = Series { times: &times, values: &[3.0; 60], errors: &errors };
    assert!(LombScargle::new(constant, 1).is_none());
    let few = Series { times: &times[..3], values: &[1.0, 2.0, 3.0], errors: &errors[..3] };
    assert!(LombScargle::new(few, 1).is_none());
}

#[test]
fn it_ends_when_it_is_told_to() {
    let (times, errors) = observations();
    let series = Series { times: &times, values: &times, errors: &errors };
    let periodogram = LombScargle::new(series, 1).expect("enough points");
    let grid = Frequencies { first: 0.0, step: 1e-9, count: 1_000_000 };
    let asked = std::cell::Cell::new(0);
    let stopped = periodogram.powers(&grid, &|| {
        asked.set(asked.get() + 1);
        if asked.get() > 3 { Err("stopped") } else { Ok(()) }
    });
    assert_eq!((stopped, asked.get()), (Err("stopped"), 4));
}
