//! Epoch photometry: files of the archive's INDIVIDUAL layout (one row per source, transit and band) or RAW layout
//! (one row per source, arrays) become one row per source with nested transits.
//!
//! Columns that the nested table does not have (`other_flags`, `flux_over_error`, CCD flags) are not kept.

mod astrometry;
mod individual;
mod light_curves;
mod points;
mod raw;
mod spectra;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::error::Place;
use super::file_error::FileError;
use super::places::Places;
use super::position;
use crate::healpix;
pub(in crate::import) use astrometry::Astrometry;
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

/// Tells the positions, in degrees, of a table of sources that has been placed.
pub(super) fn positions(rows: &RecordBatch, mut tell: impl FnMut(i64, (f64, f64))) -> Result<(), FileError> {
    let source_ids = needed(rows, "source_id", &DataType::Int64)?;
    let (ra, dec) = (needed(rows, "ra", &DataType::Float64)?, needed(rows, "dec", &DataType::Float64)?);
    let (ra, dec) = (ra.as_primitive::<Float64Type>(), dec.as_primitive::<Float64Type>());
    for (row, source_id) in source_ids.as_primitive::<Int64Type>().iter().enumerate() {
        if let Some(source_id) = source_id {
            tell(source_id, (ra.value(row), dec.value(row)));
        }
    }
    Ok(())
}

/// The light curve that a row belongs to.
fn curve_of<'a>(
    source_id: Option<i64>,
    places: &Places,
    row: usize,
    curves: &'a mut LightCurves,
) -> Result<&'a mut LightCurve, FileError> {
    Ok(curves.0.entry(source(source_id, places, row)?).or_default())
}

/// A source that is one of Gaia, so that it has a place on the sky.
pub(super) fn source(source_id: Option<i64>, places: &Places, row: usize) -> Result<i64, FileError> {
    let good = source_id.filter(|&id| position::pixel_of_source(id).is_some());
    let found = || source_id.map_or("null".to_owned(), |id| id.to_string());
    good.ok_or_else(|| FileError::BadSourceId { place: places.of(row), found: found() })
}

/// The position of a row in degrees, where the file has one.
fn position_of(
    rows: &RecordBatch,
    row: usize,
    names: [&'static str; 2],
    place: Place,
) -> Result<Option<(f64, f64)>, FileError> {
    if names.iter().any(|name| rows.column_by_name(name).is_none()) {
        return Ok(None);
    }
    let value = |name| -> Result<f64, FileError> {
        let values = needed(rows, name, &DataType::Float64)?;
        Ok(if values.is_valid(row) { values.as_primitive::<Float64Type>().value(row) } else { f64::NAN })
    };
    let (ra, dec) = (value(names[0])?, value(names[1])?);
    match healpix::try_hash29(ra, dec) {
        Some(_) => Ok(Some((ra, dec))),
        None => Err(FileError::BadPosition { place, ra, dec }),
    }
}

/// A column that the layout must have, as this type.
pub(super) fn needed(
    batch: &RecordBatch,
    name: &'static str,
    data_type: &DataType,
) -> Result<ArrayRef, FileError> {
    let values = batch.column_by_name(name).ok_or(FileError::MissingColumn(name))?;
    cast(values, data_type).map_err(|_| FileError::WrongType {
        column: name.to_owned(),
        found: values.data_type().clone(),
        expected: data_type.clone(),
    })
}
