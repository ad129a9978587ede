//! Observations as one Arrow column: a struct of lists that share their offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::columns;

/// What an observation measures, as numbers.
pub(super) const MEASURES: [&str; 7] = [
    "obs_time_bary_corr",
    "scan_pos_angle",
    "parallax_factor_al",
    "centroid_pos_al",
    "centroid_pos_error_al",
    "ipd_error_al",
    "colour_factor_al",
];

/// One observation by one CCD; its time is its key.
pub(super) struct Observation {
    pub transit_id: i64,
    /// In the order of [`MEASURES`].
    pub measures: [Option<f64>; MEASURES.len()],
    pub used: Option<bool>,
}

/// The column [`columns::OBSERVATIONS`] of sources one after the other.
pub(super) fn observations<'a>(
    sources: impl Iterator<Item = &'a BTreeMap<(i64, i64), Observation>> + Clone,
) -> Result<StructArray, ArrowError> {
    let offsets = OffsetBuffer::<i32>::from_lengths(sources.clone().map(BTreeMap::len));
    let all: Vec<(i64, &Observation)> =
        sources.flatten().map(|(&(time, _), observation)| (time, observation)).collect();
    let fields = columns::observation_fields();
    let lists = fields.iter().map(|field| {
        let DataType::List(item) = field.data_type() else {
            return Err(ArrowError::SchemaError(format!("{} is no list", field.name())));
        };
        let values = cast(&values(field.name(), &all)?, item.data_type())?;
        Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets.clone(), values, None)?) as ArrayRef)
    });
    let lists = lists.collect::<Result<Vec<_>, ArrowError>>()?;
    StructArray::try_new(fields, lists, None)
}

fn values(name: &str, all: &[(i64, &Observation)]) -> Result<ArrayRef, ArrowError> {
    Ok(match name {
        "transit_id" => Arc::new(all.iter().map(|(_, one)| one.transit_id).collect::<Int64Array>()),
        "obs_time_tcb" => Arc::new(all.iter().map(|(time, _)| *time).collect::<Int64Array>()),
        "used_by_agis_al" => Arc::new(all.iter().map(|(_, one)| one.used).collect::<BooleanArray>()),
        other => {
            let measure = MEASURES.iter().position(|&measure| measure == other);
            let measure =
                measure.ok_or_else(|| ArrowError::SchemaError(format!("observations have no {other}")))?;
            Arc::new(all.iter().map(|(_, one)| one.measures[measure]).collect::<Float64Array>())
        }
    })
}
