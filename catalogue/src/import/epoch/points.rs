//! Columns of measurements, read row by row.

use arrow::array::{Array, BooleanArray, Float64Array};

use super::light_curves::Point;

/// Equally long columns of measurements in one band, or in several.
pub(super) struct Points {
    pub time: Float64Array,
    pub mag: Float64Array,
    pub flux: Float64Array,
    pub flux_error: Float64Array,
    pub rejected_by_photometry: BooleanArray,
    pub rejected_by_variability: BooleanArray,
}

impl Points {
    /// The measurement with this index.
    pub fn at(&self, index: usize) -> Point {
        let number = |column: &Float64Array| column.is_valid(index).then(|| column.value(index));
        let flag = |column: &BooleanArray| column.is_valid(index).then(|| column.value(index));
        Point {
            time: number(&self.time),
            mag: number(&self.mag),
            flux: number(&self.flux),
            flux_error: number(&self.flux_error),
            rejected_by_photometry: flag(&self.rejected_by_photometry),
            rejected_by_variability: flag(&self.rejected_by_variability),
        }
    }
}
