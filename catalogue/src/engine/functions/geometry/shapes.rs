//! POINT, CIRCLE (ADQL 2.1, sections 4.2.15 and 4.2.10) and ELLIPSE, which are tuples of numbers; and what they
//! have in common with the outlines.
//!
//! The numbers are checked here, so a literal that is no shape is refused before anything is read.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow_schema::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, DocumentationBuilder, Signature, TypeSignature, Volatility,
};

use super::super::POSITIONS;
use super::super::function::Function;
use super::super::numbers::Numbers;
use super::{circle, column, ellipse, item, point, refused};
use crate::healpix::{Circle, Ellipse, RegionError};

/// Coordinate systems that a first argument may name (ADQL 2.1, section 4.2.4); it has been deprecated there.
const SYSTEMS: [&str; 2] = ["", "ICRS"];

pub(super) fn all() -> [Function; 3] {
    [point_of(), circle_of(), ellipse_of()]
}

fn point_of() -> Function {
    Function {
        name: "point",
        aliases: &[],
        signature: numbers_or_points(&[&[NUMBER, NUMBER]]),
        returns: |_| column(point(), "point"),
        call: |args, rows| {
            let constant = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
            tuples("POINT", args, rows, 2, |numbers| match constant {
                // Rows of a table may have bad positions, which are in no region; a query may not.
                true => Circle::new(numbers[0], numbers[1], 0.0).map(|_| ()),
                false => Ok(()),
            })
        },
        documentation: described(
            "A position on the sky, ICRS.",
            "point([coordsys,] ra, dec)",
            "SELECT point(56.75, 24.12)",
        )
        .with_argument("ra", "Right ascension, degrees")
        .with_argument("dec", "Declination, degrees, -90 to 90")
        .build(),
    }
}

fn circle_of() -> Function {
    Function {
        name: "circle",
        aliases: &[],
        signature: numbers_or_points(&[&[NUMBER, NUMBER, NUMBER], &[POINT, NUMBER]]),
        returns: |_| column(circle(), "circle"),
        call: |args, rows| {
            tuples("CIRCLE", args, rows, 3, |numbers| Circle::new(numbers[0], numbers[1], numbers[2]).map(|_| ()))
        },
        documentation: described(
            "Everything within a radius of a position.",
            "circle([coordsys,] ra, dec, radius) or circle([coordsys,] point, radius)",
            "SELECT count(*) FROM gaiadr3.gaia_source WHERE contains(point(ra, dec), circle(56.75, 24.12, 1)) = 1",
        )
        .with_argument("ra", "Right ascension of the centre, degrees")
        .with_argument("dec", "Declination of the centre, degrees, -90 to 90")
        .with_argument("radius", "Radius, degrees, 0 to 180")
        .build(),
    }
}

fn ellipse_of() -> Function {
    Function {
        name: "ellipse",
        aliases: &[],
        signature: numbers_or_points(&[&[NUMBER; 5], &[POINT, NUMBER, NUMBER, NUMBER]]),
        returns: |_| column(ellipse(), "ellipse"),
        call: |args, rows| {
            tuples("ELLIPSE", args, rows, 5, |n| Ellipse::new([n[0], n[1]], n[2], n[3], n[4]).map(|_| ()))
        },
        documentation: described(
            "Everything whose distances to two foci add up to at most the major axis.",
            "ellipse(ra, dec, semi_major, semi_minor, angle)",
            "SELECT count(*) FROM gaiadr3.gaia_source \
             WHERE contains(point(ra, dec), ellipse(10.68, 41.27, 1.6, 0.5, 35)) = 1",
        )
        .with_argument("ra", "Right ascension of the centre, degrees")
        .with_argument("dec", "Declination of the centre, degrees, -90 to 90")
        .with_argument("semi_major", "Semi-major axis, degrees, less than 90")
        .with_argument("semi_minor", "Semi-minor axis, degrees, at most the semi-major axis")
        .with_argument("angle", "Position angle of the major axis, degrees from north through east")
        .build(),
    }
}

pub(super) fn described(text: &str, syntax: &str, example: &str) -> DocumentationBuilder {
    Documentation::builder(POSITIONS, text, syntax)
        .with_sql_example(example)
        .with_argument("coordsys", "Optional and without effect: 'ICRS' or an empty text")
}

pub(super) const NUMBER: bool = false;

pub(super) const POINT: bool = true;

/// Forms of arguments, each also with a coordinate system before it.
pub(super) fn numbers_or_points(forms: &[&[bool]]) -> Signature {
    let types = |form: &[bool]| -> Vec<DataType> {
        form.iter().map(|is_point| if *is_point { point() } else { DataType::Float64 }).collect()
    };
    let plain = forms.iter().map(|form| types(form));
    let with_system = forms.iter().map(|form| [vec![DataType::Utf8], types(form)].concat());
    Signature::one_of(plain.chain(with_system).map(TypeSignature::Exact).collect(), Volatility::Immutable)
}

/// The arguments after the coordinate system.
pub(super) fn coordinates<'a>(name: &str, args: &'a [ColumnarValue]) -> Result<&'a [ColumnarValue]> {
    let [system, rest @ ..] = args else { return Ok(args) };
    if !matches!(system.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8) {
        return Ok(args);
    }
    let system = cast(&system.to_array(1)?, &DataType::Utf8)?;
    for system in system.as_string::<i32>() {
        let system = system.unwrap_or_default();
        // A position of reference may follow, which means nothing for directions.
        let frame = system.split_whitespace().next().unwrap_or_default();
        if !SYSTEMS.iter().any(|known| frame.eq_ignore_ascii_case(known)) {
            return exec_err!("{name}: the coordinate system {system} is not supported: positions are ICRS");
        }
    }
    Ok(rest)
}

/// A tuple of numbers for every row, once `check` finds it good.
fn tuples(
    name: &str,
    args: &[ColumnarValue],
    rows: usize,
    width: i32,
    check: impl Fn(&[f64]) -> Result<(), RegionError>,
) -> Result<ArrayRef> {
    let numbers = Numbers::of(coordinates(name, args)?, rows)?;
    let mut values = vec![0.0; rows * numbers.width()];
    let mut known = Vec::with_capacity(rows);
    for (row, values) in values.chunks_exact_mut(numbers.width()).enumerate() {
        known.push(numbers.read(row, values));
        if known[row] {
            check(values).map_err(|error| refused(name, &error))?;
        }
    }
    let values = Arc::new(Float64Array::from(values));
    Ok(Arc::new(FixedSizeListArray::try_new(item(), width, values, Some(NullBuffer::from(known)))?))
}
