//! Functions of light curves that SQL can call: magnitudes and fluxes, statistics, variability indices, periods.
//!
//! A light curve is a few equally long lists of one row. Points at which one of them is null or not finite, or an
//! error is not positive, are left out. What the functions compute is in [`crate::light_curve`]; here are only their
//! names, arguments and results.

mod bands;
mod box_least_squares;
mod clean;
mod fold;
mod lomb_scargle;
mod parameters;
mod points;
mod statistic;
mod statistics;

use std::sync::Arc;

use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarUDF};

use crate::engine::limits::Limits;

const LIGHT_CURVES: DocSection = DocSection {
    include: true,
    label: "Light curves",
    description: Some("Functions of lists of measurements"),
};

/// All functions of this module. Long computations end when their query does.
pub(super) fn all(limits: &Limits) -> Vec<Arc<ScalarUDF>> {
    let bounds = Bounds { grid_points: limits.grid_points };
    let statistics = statistics::ALL.iter().map(|one| ScalarUDF::from(statistic::Function::new(one)));
    let others = [
        ScalarUDF::from(bands::Function::flux_to_mag()),
        ScalarUDF::from(bands::Function::mag_to_flux()),
        ScalarUDF::from(box_least_squares::Function::new(bounds)),
        ScalarUDF::from(clean::Function::new()),
        ScalarUDF::from(fold::Function::new()),
        ScalarUDF::from(lomb_scargle::Function::best(bounds)),
        ScalarUDF::from(lomb_scargle::Function::peaks(bounds)),
        ScalarUDF::from(lomb_scargle::power::Function::new()),
    ];
    statistics.chain(others).map(Arc::new).collect()
}

/// What a search for a period may use.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    grid_points: usize,
}

impl Bounds {
    fn check_grid(&self, function: &str, wanted: usize, what: &str) -> Result<()> {
        if wanted > self.grid_points {
            return exec_err!(
                "{function} would try {wanted} {what} for one light curve, of {} permitted: ask for a narrower range",
                self.grid_points
            );
        }
        Ok(())
    }
}
