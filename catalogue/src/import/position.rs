//! Where rows are on the sky: from ra and dec, or, in tables that have none, from source_id.
//!
//! A row without a place ends the import: it could be found by no cone and by no tile.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};

use super::file_error::FileError;
use super::places::Places;
use crate::{columns, healpix};

/// `source_id >> 35` is the pixel of this order in which the source was at its creation
/// (Gaia DR3 documentation, section 20.1.1).
const SOURCE_ID_ORDER: u8 = 12;
const SOURCE_ID_SHIFT: u32 = 35;

/// What a position made from source_id is, for the people who read the column.
const FROM_SOURCE_ID: &str = "centre of the level-12 HEALPix pixel of source_id, up to 54 arcsec from the source: the imported file had no position";

/// Columns of which every row has a place.
pub(super) struct Located {
    /// The columns, with `ra`, `dec` and the index column.
    pub batch: RecordBatch,
    /// Whether the positions were made from source_id.
    pub by_source_id: bool,
}

/// Finds or makes the place of every row.
pub(super) fn locate(batch: &RecordBatch, places: &Places) -> Result<Located, FileError> {
    let stated = position_columns(batch)?;
    let by_source_id = stated.is_none();
    let (ra, dec) = match stated {
        Some(position) => position,
        None => from_source_ids(batch, places)?,
    };
    let hashes = hashes(&ra, &dec, places)?;
    let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
    for (field, values) in batch.schema().fields().iter().zip(batch.columns()) {
        let field = field.as_ref().clone();
        match field.name().as_str() {
            "ra" => columns.push((required(field), Arc::new(ra.clone()))),
            "dec" => columns.push((required(field), Arc::new(dec.clone()))),
            _ => columns.push((field, Arc::clone(values))),
        }
    }
    if by_source_id {
        columns.extend([(estimated("ra"), Arc::new(ra) as ArrayRef), (estimated("dec"), Arc::new(dec))]);
    }
    columns.push((described(healpix::COLUMN, DataType::Int64), Arc::new(hashes)));
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    Ok(Located { batch, by_source_id })
}

fn position_columns(batch: &RecordBatch) -> Result<Option<(Float64Array, Float64Array)>, FileError> {
    let (Some(ra), Some(dec)) = (batch.column_by_name("ra"), batch.column_by_name("dec")) else {
        let has_half = batch.column_by_name("ra").is_some() || batch.column_by_name("dec").is_some();
        return if has_half { Err(FileError::NoPosition) } else { Ok(None) };
    };
    Ok(Some((degrees("ra", ra)?, degrees("dec", dec)?)))
}

fn degrees(column: &str, values: &ArrayRef) -> Result<Float64Array, FileError> {
    if !values.data_type().is_numeric() {
        let (found, expected) = (values.data_type().clone(), DataType::Float64);
        return Err(FileError::WrongType { column: column.to_owned(), found, expected });
    }
    Ok(cast(values, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

fn from_source_ids(batch: &RecordBatch, places: &Places) -> Result<(Float64Array, Float64Array), FileError> {
    let ids = batch.column_by_name("source_id").and_then(|ids| ids.as_primitive_opt::<Int64Type>());
    let ids: &Int64Array = ids.ok_or(FileError::NoPosition)?;
    let mut centres = Vec::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        let centre = id.and_then(centre_of_source);
        let found = || id.map_or("null".to_owned(), |id| id.to_string());
        centres.push(centre.ok_or_else(|| FileError::BadSourceId { place: places.of(row), found: found() })?);
    }
    let (ra, dec): (Vec<f64>, Vec<f64>) = centres.into_iter().unzip();
    Ok((ra.into(), dec.into()))
}

/// The first pixel of order 29 in the pixel of a source, or nothing for what is no source_id.
pub(super) fn pixel_of_source(source_id: i64) -> Option<i64> {
    let pixel = pixel_of(source_id)?;
    Some(*healpix::tile_range(SOURCE_ID_ORDER, pixel).start())
}

/// The centre of the pixel of a source in degrees, or nothing for what is no source_id.
pub(super) fn centre_of_source(source_id: i64) -> Option<(f64, f64)> {
    Some(healpix::centre(SOURCE_ID_ORDER, pixel_of(source_id)?))
}

fn pixel_of(source_id: i64) -> Option<u64> {
    let pixel = u64::try_from(source_id).ok().filter(|&id| id > 0)? >> SOURCE_ID_SHIFT;
    (pixel < healpix::tiles(SOURCE_ID_ORDER)).then_some(pixel)
}

fn hashes(ra: &Float64Array, dec: &Float64Array, places: &Places) -> Result<Int64Array, FileError> {
    let positions = ra.iter().zip(dec.iter()).enumerate();
    let hashes = positions.map(|(row, (ra, dec))| {
        let (ra, dec) = (ra.unwrap_or(f64::NAN), dec.unwrap_or(f64::NAN));
        let hash = healpix::try_hash29(ra, dec).filter(|_| (0.0..=360.0).contains(&ra));
        hash.ok_or_else(|| FileError::BadPosition { place: places.of(row), ra, dec })
    });
    Ok(Int64Array::from(hashes.collect::<Result<Vec<i64>, _>>()?))
}

fn required(field: Field) -> Field {
    let metadata = field.metadata().clone();
    Field::new(field.name(), DataType::Float64, false).with_metadata(metadata)
}

/// The field of a coordinate that was made from source_id.
pub(super) fn estimated(name: &str) -> Field {
    let field = described(name, DataType::Float64);
    let mut metadata: HashMap<String, String> = field.metadata().clone();
    metadata.insert("description".to_owned(), FROM_SOURCE_ID.to_owned());
    field.with_metadata(metadata)
}

fn described(name: &str, data_type: DataType) -> Field {
    columns::field(name).unwrap_or_else(|| Field::new(name, data_type, false))
}
