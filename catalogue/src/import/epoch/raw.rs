//! The RAW layout: one row per source, an array per quantity and band.
//!
//! It has no single flag by which photometry rejects a G point (flags are per CCD), so that one stays null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};

use super::super::error::Place;
use super::super::file_error::FileError;
use super::super::places::Places;
use super::light_curves::LightCurves;
use super::points::Points;
use super::{curve_of, needed, position_of};

/// The names of the arrays of one band.
struct Names {
    band: &'static str,
    time: &'static str,
    mag: &'static str,
    flux: &'static str,
    flux_error: &'static str,
    photometry_flag: Option<&'static str>,
    variability_flag: &'static str,
}

const BANDS: [Names; 3] = [
    Names {
        band: "G",
        time: "g_transit_time",
        mag: "g_transit_mag",
        flux: "g_transit_flux",
        flux_error: "g_transit_flux_error",
        photometry_flag: None,
        variability_flag: "variability_flag_g_reject",
    },
    Names {
        band: "BP",
        time: "bp_obs_time",
        mag: "bp_mag",
        flux: "bp_flux",
        flux_error: "bp_flux_error",
        photometry_flag: Some("photometry_flag_bp_reject"),
        variability_flag: "variability_flag_bp_reject",
    },
    Names {
        band: "RP",
        time: "rp_obs_time",
        mag: "rp_mag",
        flux: "rp_flux",
        flux_error: "rp_flux_error",
        photometry_flag: Some("photometry_flag_rp_reject"),
        variability_flag: "variability_flag_rp_reject",
    },
];

/// Adds the rows of one file to the light curves.
pub(super) fn gather(
    batch: &RecordBatch,
    places: &Places,
    curves: &mut LightCurves,
) -> Result<(), FileError> {
    let source_ids = needed(batch, "source_id", &DataType::Int64)?;
    for (row, source_id) in source_ids.as_primitive::<Int64Type>().iter().enumerate() {
        let place = places.of(row);
        let position = position_of(batch, row, ["ra", "dec"], place)?;
        let curve = curve_of(source_id, places, row, curves)?;
        curve.position = position.or(curve.position);
        let transit_ids = array(batch, row, "transit_id", &DataType::Int64)?;
        for names in &BANDS {
            let points = points(batch, row, names, transit_ids.len(), place)?;
            for (index, transit_id) in transit_ids.as_primitive::<Int64Type>().iter().enumerate() {
                let transit_id = transit_id.ok_or(FileError::NoTransit { place })?;
                let slot = curve.transits.entry(transit_id).or_default().band(names.band);
                if slot.is_some_and(|slot| slot.replace(points.at(index)).is_some()) {
                    return Err(FileError::RepeatedTransit {
                        place,
                        transit_id,
                        band: names.band.to_owned(),
                    });
                }
            }
        }
    }
    Ok(())
}

fn points(
    batch: &RecordBatch,
    row: usize,
    names: &Names,
    count: usize,
    place: Place,
) -> Result<Points, FileError> {
    let checked = |name, item: DataType| {
        let values = array(batch, row, name, &item)?;
        let equal = values.len() == count;
        equal.then_some(values).ok_or(FileError::UnequalArrays { place, column: name, other: "transit_id" })
    };
    let numbers =
        |name| Ok::<_, FileError>(checked(name, DataType::Float64)?.as_primitive::<Float64Type>().clone());
    let flags = |name| Ok::<_, FileError>(checked(name, DataType::Boolean)?.as_boolean().clone());
    Ok(Points {
        time: numbers(names.time)?,
        mag: numbers(names.mag)?,
        flux: numbers(names.flux)?,
        flux_error: numbers(names.flux_error)?,
        rejected_by_photometry: names
            .photometry_flag
            .map_or_else(|| Ok(BooleanArray::new_null(count)), flags)?,
        rejected_by_variability: flags(names.variability_flag)?,
    })
}

/// The array of one row.
fn array(
    batch: &RecordBatch,
    row: usize,
    name: &'static str,
    item: &DataType,
) -> Result<ArrayRef, FileError> {
    let whole = batch.column_by_name(name).ok_or(FileError::MissingColumn(name))?;
    let list = DataType::List(Arc::new(Field::new_list_field(item.clone(), true)));
    Ok(needed_row(whole, row, name, &list)?.as_list::<i32>().value(0))
}

fn needed_row(whole: &ArrayRef, row: usize, name: &str, list: &DataType) -> Result<ArrayRef, FileError> {
    let one = whole.slice(row, 1);
    arrow::compute::cast(&one, list).map_err(|_| FileError::WrongType {
        column: name.to_owned(),
        found: whole.data_type().clone(),
        expected: list.clone(),
    })
}
