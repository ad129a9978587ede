//! Functions on the sphere that SQL can call: `cone` and `distance_deg`. All angles are in degrees.

mod cone;
mod distance;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarUDF};

pub(crate) use cone::{CONE, Cone};
pub(crate) use distance::DISTANCE;

const POSITIONS: DocSection =
    DocSection { include: true, label: "Positions", description: Some("Functions on the celestial sphere") };

/// All functions of this module.
pub(crate) fn all() -> Vec<Arc<ScalarUDF>> {
    let cone = ScalarUDF::from(cone::ConeFunction::new());
    let distance = ScalarUDF::from(distance::DistanceFunction::new());
    vec![Arc::new(cone), Arc::new(distance)]
}

/// A column of numbers of which some may be missing.
#[derive(Clone, Copy)]
struct Numbers<'a>(&'a Float64Array);

impl Numbers<'_> {
    fn len(self) -> usize {
        self.0.values().len()
    }

    fn get(self, row: usize) -> Option<f64> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

fn numbers<const N: usize>(columns: &[ArrayRef]) -> Result<[Numbers<'_>; N]> {
    let numbers: Vec<Numbers<'_>> =
        columns.iter().filter_map(|column| column.as_primitive_opt::<Float64Type>()).map(Numbers).collect();
    match numbers.try_into() {
        Ok(numbers) => Ok(numbers),
        Err(_) => exec_err!("expected {N} numbers"),
    }
}
