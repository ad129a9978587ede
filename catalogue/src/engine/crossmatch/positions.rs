//! The positions of a batch's rows: where an input says they are, at the epoch of the match.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::physical_expr::PhysicalExpr;

use super::cover;
use super::grid::Extent;
use super::motion::Motion;

/// How the positions of an input are computed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Right ascension, in degrees.
    pub(super) ra: Arc<dyn PhysicalExpr>,
    /// Declination, in degrees.
    pub(super) dec: Arc<dyn PhysicalExpr>,
    /// From the epoch of the position to that of the match.
    pub(super) motion: Option<Motion>,
}

impl Place {
    /// The positions of the rows of `batch`.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<Positions> {
        let positions = Positions { ra: numbers(&self.ra, batch)?, dec: numbers(&self.dec, batch)? };
        match &self.motion {
            Some(motion) => motion.moved(positions, batch),
            None => Ok(positions),
        }
    }
}

/// Positions in degrees, not all of them on the sphere.
#[derive(Debug)]
pub(super) struct Positions {
    pub(super) ra: ScalarBuffer<f64>,
    pub(super) dec: ScalarBuffer<f64>,
}

impl Positions {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.ra.len()
    }

    /// Where they are. `keys` are theirs.
    pub(super) fn extent(&self, keys: &[i64]) -> Extent {
        let on_sphere = (0..self.len()).filter_map(|row| self.get(row));
        let (south_deg, north_deg) =
            on_sphere.fold((90.0f64, -90.0f64), |(south, north), (_, dec)| (south.min(dec), north.max(dec)));
        let deg2_each = cover::area_deg2(keys) / keys.len().max(1) as f64;
        Extent { south_deg: south_deg.min(north_deg), north_deg, deg2_each }
    }

    /// A position, if it is one: neither missing nor outside the sphere.
    pub(super) fn get(&self, row: usize) -> Option<(f64, f64)> {
        let (ra, dec) = (self.ra[row], self.dec[row]);
        (ra.is_finite() && dec.abs() <= 90.0).then_some((ra, dec))
    }
}

/// The values of an expression; NaN where there is none.
pub(super) fn numbers(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ScalarBuffer<f64>> {
    let values = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    let values = cast(&values, &DataType::Float64)?;
    let values: &Float64Array = values.as_primitive::<Float64Type>();
    Ok(match values.null_count() {
        0 => values.values().clone(),
        _ => values.iter().map(|value| value.unwrap_or(f64::NAN)).collect(),
    })
}
