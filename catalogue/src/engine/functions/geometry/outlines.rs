//! BOX, POLYGON (ADQL 2.1, sections 4.2.8 and 4.2.16) and MOC: regions by their outline or their cells.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Builder, ListBuilder};
use arrow_schema::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Signature, TypeSignature, Volatility};

use super::super::function::Function;
use super::super::numbers::Numbers;
use super::shapes::{NUMBER, POINT, coordinates, described, numbers_or_points};
use super::{column, item, point, polygon, refused};
use crate::healpix::{Moc, Polygon, RegionError};

pub(super) fn all() -> [Function; 3] {
    [box_of(), polygon_of(), moc_of()]
}

fn box_of() -> Function {
    Function {
        name: "box",
        aliases: &[],
        signature: numbers_or_points(&[&[NUMBER; 4], &[POINT, NUMBER, NUMBER]]),
        returns: |_| column(polygon(), "polygon"),
        call: |args, rows| {
            outlines("BOX", args, rows, |n| {
                let polygon = Polygon::rectangle([n[0], n[1]], n[2], n[3])?;
                Ok(polygon.corners_deg().flat_map(|(ra, dec)| [ra, dec]).collect())
            })
        },
        documentation: described(
            "The polygon around a position whose sides are great circles across the ends of a cross of width by height.",
            "box([coordsys,] ra, dec, width, height) or box([coordsys,] point, width, height)",
            "SELECT count(*) FROM gaiadr3.gaia_source WHERE contains(point(ra, dec), box(56.75, 24.12, 2, 1)) = 1",
        )
        .with_argument("ra", "Right ascension of the centre, degrees")
        .with_argument("dec", "Declination of the centre, degrees, -90 to 90")
        .with_argument("width", "Length to the east and west, degrees of arc, less than 180")
        .with_argument("height", "Length to the north and south, degrees of arc, less than 180")
        .build(),
    }
}

fn polygon_of() -> Function {
    // Any types, because a coordinate system before any number of coordinates fits no narrower signature.
    let forms = [
        TypeSignature::Variadic(vec![DataType::Float64]),
        TypeSignature::Variadic(vec![point()]),
        TypeSignature::VariadicAny,
    ];
    Function {
        name: "polygon",
        aliases: &[],
        signature: Signature::one_of(forms.into(), Volatility::Immutable),
        returns: |_| column(polygon(), "polygon"),
        call: |args, rows| {
            outlines("POLYGON", args, rows, |numbers| {
                let (corners, odd) = numbers.as_chunks::<2>();
                if !odd.is_empty() {
                    return Err(RegionError::Odd(numbers.len()));
                }
                Polygon::new(corners)?;
                Ok(numbers.to_vec())
            })
        },
        documentation: described(
            "The inside of corners joined by great circles, convex or not: the smaller of the two parts into which \
             they cut the sphere, so they may be listed in either direction.",
            "polygon([coordsys,] ra1, dec1, ra2, dec2, ra3, dec3, ...) or polygon([coordsys,] point, point, point, ...)",
            "SELECT count(*) FROM gaiadr3.gaia_source \
             WHERE contains(point(ra, dec), polygon(56, 23, 58, 23, 57, 25)) = 1",
        )
        .with_argument("ra1", "Right ascension of the first corner, degrees; then declination, and so on")
        .build(),
    }
}

fn moc_of() -> Function {
    Function {
        name: "moc",
        aliases: &[],
        signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
        returns: |_| column(DataType::Utf8, "moc"),
        call: |args, rows| {
            let text = args[0].to_array(rows)?;
            let text = text.as_string::<i32>();
            for moc in text.iter().flatten() {
                Moc::parse(moc).map_err(|error| refused("MOC", &error))?;
            }
            Ok(Arc::new(text.clone()) as ArrayRef)
        },
        documentation: described(
            "Any set of HEALPix cells, as a multi-order coverage map in ASCII or JSON (IVOA MOC 2.0).",
            "moc(text)",
            "SELECT count(*) FROM gaiadr3.gaia_source WHERE contains(point(ra, dec), moc('4/1126-1129 5/4520')) = 1",
        )
        .with_argument("text", "For instance 4/1126-1129 5/4520, or {\"4\": [1126, 1127]}")
        .build(),
    }
}

/// The corners of an outline for every row.
fn outlines(
    name: &str,
    args: &[ColumnarValue],
    rows: usize,
    corners: impl Fn(&[f64]) -> Result<Vec<f64>, RegionError>,
) -> Result<ArrayRef> {
    let numbers = Numbers::of(coordinates(name, args)?, rows)?;
    let mut lists = ListBuilder::new(Float64Builder::new()).with_field(item());
    for row in numbers.each(|row| corners(row).map_err(|error| refused(name, &error))) {
        if let Some(values) = &row? {
            lists.values().append_slice(values);
            lists.append(true);
        } else {
            lists.append(false);
        }
    }
    Ok(Arc::new(lists.finish()))
}
