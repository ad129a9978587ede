//! Epoch photometry: files of the archive's INDIVIDUAL layout (one row per source, transit and band) or RAW layout
//! (one row per source, arrays) become one row per source with nested transits.
//!
//! Columns that the nested table does not have (`other_flags`, `flux_over_error`, CCD flags) are not kept.

mod individual;
mod light_curves;
mod points;
mod raw;
mod spectra;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::file_error::FileError;
use super::position;
use super::sheet::Places;
use light_curves::LightCurve;
pub(in crate::import) use light_curves::LightCurves;
pub(in crate::import) use spectra::Gathered as GatheredSpectra;

/// Adds what one file has to the light curves.
pub(super) fn gather(
    batch: &RecordBatch,
    places: &Places,
    curves: &mut LightCurves,
) -> Result<(), FileError> {
    if batch.column_by_name("g_transit_time").is_some() {
        raw::gather(batch, places, curves)
    } else {
        individual::gather(batch, places, curves)
    }
}

/// Puts the light curves where a table of sources says they are; sources it does not name stay as they are.
pub(super) fn place(located: &RecordBatch, curves: &mut LightCurves) -> Result<(), FileError> {
    let source_ids = needed(located, "source_id", &DataType::Int64)?;
    let (ra, dec) = (needed(located, "ra", &DataType::Float64)?, needed(located, "dec", &DataType::Float64)?);
    let (ra, dec) = (ra.as_primitive::<Float64Type>(), dec.as_primitive::<Float64Type>());
    for (row, source_id) in source_ids.as_primitive::<Int64Type>().iter().enumerate() {
        if let Some(curve) = source_id.and_then(|id| curves.0.get_mut(&id)) {
            curve.position = Some((ra.value(row), dec.value(row)));
        }
    }
    Ok(())
}

/// The light curve that a row belongs to. Its source must be one of Gaia, so that it has a place on the sky.
fn curve_of<'a>(
    source_id: Option<i64>,
    places: &Places,
    row: usize,
    curves: &'a mut LightCurves,
) -> Result<&'a mut LightCurve, FileError> {
    let good = source_id.filter(|&id| position::centre_of_source(id).is_some());
    let found = || source_id.map_or("null".to_owned(), |id| id.to_string());
    let source_id = good.ok_or_else(|| FileError::BadSourceId { place: places.of(row), found: found() })?;
    Ok(curves.0.entry(source_id).or_default())
}

/// A column that the layout must have, as this type.
fn needed(batch: &RecordBatch, name: &'static str, data_type: &DataType) -> Result<ArrayRef, FileError> {
    let values = batch.column_by_name(name).ok_or(FileError::MissingColumn(name))?;
    cast(values, data_type).map_err(|_| FileError::WrongType {
        column: name.to_owned(),
        found: values.data_type().clone(),
        expected: data_type.clone(),
    })
}
