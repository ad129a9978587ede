//! The geometry of ADQL 2.1 (section 4.2). Values travel as DALI 1.1 lays them out (section 3.3): a point is two
//! numbers, a circle three, a polygon its corners, all in degrees, ICRS, with the `xtype` in the column's metadata.
//!
//! Two more shapes than ADQL has: an ellipse, and a MOC as its text.

mod measures;
mod outlines;
mod relations;
mod shapes;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListBuilder, Float64Builder};
use arrow::datatypes::Float64Type;
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion::logical_expr::ScalarUDF;

pub(crate) use measures::DISTANCE;
pub(super) use relations::{CONTAINS, INTERSECTS};

use crate::healpix::{Circle, Ellipse, Moc, Polygon, Region, RegionError};

/// All functions of this module.
pub(super) fn all() -> impl Iterator<Item = Arc<ScalarUDF>> {
    shapes::all()
        .into_iter()
        .chain(outlines::all())
        .chain(relations::all())
        .chain(measures::all())
        .map(|function| function.udf())
}

/// A value of one of the geometric types.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Geometry {
    /// A position as (ra, dec) in degrees; it may be no position of the sphere.
    Point([f64; 2]),
    /// A part of the sky.
    Region(Region),
}

impl Geometry {
    /// The geometry of a literal, if it is one.
    pub(crate) fn of_literal(value: &ScalarValue) -> Option<Self> {
        let array = value.to_array().ok()?;
        Self::read(&array, 0).ok()?
    }

    /// The geometry in a row.
    fn read(array: &ArrayRef, row: usize) -> Result<Option<Self>> {
        if array.is_null(row) {
            return Ok(None);
        }
        match array.data_type() {
            DataType::Utf8 => {
                let moc = Moc::parse(array.as_string::<i32>().value(row));
                Ok(Some(Self::Region(Region::Moc(moc.map_err(|error| refused("MOC", &error))?))))
            }
            DataType::FixedSizeList(_, _) => Self::of_numbers(&array.as_fixed_size_list().value(row)),
            DataType::List(_) => Self::of_corners(&array.as_list::<i32>().value(row)),
            other => exec_err!("a point, circle, polygon, ellipse or MOC was expected and not {other}"),
        }
    }

    fn of_numbers(numbers: &ArrayRef) -> Result<Option<Self>> {
        let Some(numbers) = known(numbers) else { return Ok(None) };
        let region = match *numbers.as_slice() {
            [ra, dec] => return Ok(Some(Self::Point([ra, dec]))),
            [ra, dec, radius] => {
                Region::Circle(Circle::new(ra, dec, radius).map_err(|error| refused("CIRCLE", &error))?)
            }
            [ra, dec, major, minor, angle] => {
                let ellipse = Ellipse::new([ra, dec], major, minor, angle);
                Region::Ellipse(ellipse.map_err(|error| refused("ELLIPSE", &error))?)
            }
            _ => {
                return exec_err!(
                    "a point has 2 numbers, a circle 3, an ellipse 5, and not {}",
                    numbers.len()
                );
            }
        };
        Ok(Some(Self::Region(region)))
    }

    fn of_corners(numbers: &ArrayRef) -> Result<Option<Self>> {
        let Some(numbers) = known(numbers) else { return Ok(None) };
        let (corners, odd) = numbers.as_chunks::<2>();
        if !odd.is_empty() {
            return exec_err!("POLYGON: a right ascension without a declination");
        }
        let polygon = Polygon::new(corners).map_err(|error| refused("POLYGON", &error))?;
        Ok(Some(Self::Region(Region::Polygon(polygon))))
    }
}

/// The numbers, if none is null.
fn known(numbers: &ArrayRef) -> Option<Vec<f64>> {
    let numbers = numbers.as_primitive_opt::<Float64Type>()?;
    (numbers.null_count() == 0).then(|| numbers.values().to_vec())
}

/// An error that names the function.
fn refused(function: &str, error: &RegionError) -> datafusion::error::DataFusionError {
    exec_datafusion_err!("{function}: {error}")
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Float64, true))
}

/// So many numbers.
fn tuple(numbers: i32) -> DataType {
    DataType::FixedSizeList(item(), numbers)
}

/// Two numbers.
pub(super) fn point() -> DataType {
    tuple(2)
}

fn circle() -> DataType {
    tuple(3)
}

fn ellipse() -> DataType {
    tuple(5)
}

fn polygon() -> DataType {
    DataType::List(item())
}

/// A column of points.
pub(super) fn points(places: impl Iterator<Item = Result<Option<[f64; 2]>>>) -> Result<ArrayRef> {
    let mut points = FixedSizeListBuilder::new(Float64Builder::new(), 2).with_field(item());
    for place in places {
        let place = place?;
        points.values().append_slice(&place.unwrap_or_default());
        points.append(place.is_some());
    }
    Ok(Arc::new(points.finish()))
}

/// A column of a type with DALI's name for what it holds.
pub(super) fn column(data_type: DataType, xtype: &str) -> Field {
    let metadata = [("xtype", xtype), ("unit", "deg")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    Field::new("", data_type, true).with_metadata(metadata.into())
}
