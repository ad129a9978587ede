//! The INDIVIDUAL layout: one row per source, transit and band; transits are put together by transit_id.

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::super::file_error::FileError;
use super::super::places::Places;
use super::light_curves::LightCurves;
use super::points::Points;
use super::{curve_of, needed};

/// Adds the rows of one file to the light curves.
pub(super) fn gather(
    batch: &RecordBatch,
    places: &Places,
    curves: &mut LightCurves,
) -> Result<(), FileError> {
    let source_ids = needed(batch, "source_id", &DataType::Int64)?;
    let transit_ids = needed(batch, "transit_id", &DataType::Int64)?;
    let bands = needed(batch, "band", &DataType::Utf8)?;
    let points = points(batch)?;
    let ids = source_ids.as_primitive::<Int64Type>().iter().zip(transit_ids.as_primitive::<Int64Type>());
    for (row, ((source_id, transit_id), band)) in ids.zip(bands.as_string::<i32>()).enumerate() {
        let place = places.of(row);
        let curve = curve_of(source_id, places, row, curves)?;
        let transit_id = transit_id.ok_or(FileError::NoTransit { place })?;
        let band = band.unwrap_or_default();
        let slot = curve.transits.entry(transit_id).or_default().band(band);
        let slot = slot.ok_or_else(|| FileError::UnknownBand { place, band: band.to_owned() })?;
        if slot.replace(points.at(row)).is_some() {
            return Err(FileError::RepeatedTransit { place, transit_id, band: band.to_owned() });
        }
    }
    Ok(())
}

fn points(batch: &RecordBatch) -> Result<Points, FileError> {
    let number = |name| -> Result<Float64Array, FileError> {
        Ok(needed(batch, name, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
    };
    let flag = |name| Ok::<_, FileError>(needed(batch, name, &DataType::Boolean)?.as_boolean().clone());
    Ok(Points {
        time: number("time")?,
        mag: number("mag")?,
        flux: number("flux")?,
        flux_error: number("flux_error")?,
        rejected_by_photometry: flag("rejected_by_photometry")?,
        rejected_by_variability: flag("rejected_by_variability")?,
    })
}
