//! DISTANCE, AREA, CENTROID, COORD1, COORD2 and COORDSYS (ADQL 2.1, section 4.2): numbers about geometries.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, DocumentationBuilder, Signature, TypeSignature, Volatility,
};

use super::super::POSITIONS;
use super::super::function::Function;
use super::super::numbers::Numbers;
use super::{Geometry, circle, column, point, polygon};
use crate::healpix::separation_deg;

/// The name of the function of angles between positions.
pub(crate) const DISTANCE: &str = "distance";

pub(super) fn all() -> Vec<Function> {
    vec![distance(), area(), centroid(), coordinate(1), coordinate(2), coordsys()]
}

fn distance() -> Function {
    let forms = [vec![DataType::Float64; 4], vec![point(); 2]].map(TypeSignature::Exact);
    Function {
        name: DISTANCE,
        aliases: &["distance_deg"],
        signature: Signature::one_of(forms.into(), Volatility::Immutable),
        returns: |_| number("deg"),
        call: |args, rows| {
            let angles = Numbers::of(args, rows)?;
            let angles = angles.each(|place| Ok(separation_deg(place[0], place[1], place[2], place[3])));
            Ok(Arc::new(angles.collect::<Result<Float64Array>>()?))
        },
        documentation: described(
            "The angle between two positions, in degrees, exact at small and at large angles.",
            "distance(ra1, dec1, ra2, dec2) or distance(point1, point2)",
            "SELECT distance(359.5, 0, 0.5, 0)",
        )
        .with_argument("ra1", "Right ascension of the first position, degrees")
        .with_argument("dec1", "Declination of the first position, degrees")
        .with_argument("ra2", "Right ascension of the second position, degrees")
        .with_argument("dec2", "Declination of the second position, degrees")
        .build(),
    }
}

fn area() -> Function {
    Function {
        name: "area",
        aliases: &[],
        signature: one_of(vec![circle(), polygon(), DataType::Utf8, point()]),
        returns: |_| number("deg2"),
        call: |args, rows| {
            let areas = each(args, rows, |geometry| match geometry {
                Geometry::Point(_) => Ok(0.0),
                Geometry::Region(region) => match region.area_deg2() {
                    Some(area) => Ok(area),
                    None => exec_err!("AREA is for circles, boxes, polygons and MOCs"),
                },
            });
            Ok(Arc::new(areas?.into_iter().collect::<Float64Array>()))
        },
        documentation: described(
            "The area of a region, in square degrees.",
            "area(region)",
            "SELECT area(circle(0, 0, 1))",
        )
        .with_argument("region", "A circle, box, polygon or MOC; a point has no area")
        .build(),
    }
}

fn centroid() -> Function {
    Function {
        name: "centroid",
        aliases: &[],
        signature: one_of(vec![circle(), polygon(), point()]),
        returns: |_| column(point(), "point"),
        call: |args, rows| {
            let centres = each(args, rows, |geometry| match geometry {
                Geometry::Point(place) => Ok(place),
                Geometry::Region(region) => match region.centroid_deg() {
                    Some((ra, dec)) => Ok([ra, dec]),
                    None => exec_err!("CENTROID is for circles, boxes and polygons"),
                },
            });
            super::points(centres?.into_iter().map(Ok))
        },
        documentation: described(
            "The centre of area of a region.",
            "centroid(region)",
            "SELECT coord1(centroid(box(56.75, 24.12, 2, 1)))",
        )
        .with_argument("region", "A circle, box, polygon or point")
        .build(),
    }
}

fn coordinate(which: u8) -> Function {
    let first = which == 1;
    Function {
        name: if first { "coord1" } else { "coord2" },
        aliases: &[],
        signature: Signature::exact(vec![point()], Volatility::Immutable),
        returns: |_| number("deg"),
        call: if first { |args, rows| part(args, rows, 0) } else { |args, rows| part(args, rows, 1) },
        documentation: described(
            if first {
                "The right ascension of a point, degrees."
            } else {
                "The declination of a point, degrees."
            },
            if first { "coord1(point)" } else { "coord2(point)" },
            if first { "SELECT coord1(point(56.75, 24.12))" } else { "SELECT coord2(point(56.75, 24.12))" },
        )
        .with_argument("point", "A point")
        .build(),
    }
}

fn part(args: &[ColumnarValue], rows: usize, which: usize) -> Result<ArrayRef> {
    let numbers = Numbers::of(args, rows)?;
    let numbers = numbers.each(|place| Ok(place[which]));
    Ok(Arc::new(numbers.collect::<Result<Float64Array>>()?))
}

fn coordsys() -> Function {
    Function {
        name: "coordsys",
        aliases: &[],
        signature: one_of(vec![point(), circle(), polygon(), super::ellipse()]),
        returns: |_| Field::new("", DataType::Utf8, true),
        call: |args, rows| {
            let systems = each(args, rows, |_| Ok("ICRS"))?;
            Ok(Arc::new(systems.into_iter().collect::<StringArray>()))
        },
        documentation: described(
            "The coordinate system of a geometry, which is always ICRS here.",
            "coordsys(geometry)",
            "SELECT coordsys(point(1, 2))",
        )
        .with_argument("geometry", "Any geometry")
        .build(),
    }
}

fn number(unit: &str) -> Field {
    Field::new("", DataType::Float64, true).with_metadata([("unit".to_owned(), unit.to_owned())].into())
}

fn one_of(types: Vec<DataType>) -> Signature {
    let forms = types.into_iter().map(|data_type| TypeSignature::Exact(vec![data_type]));
    Signature::one_of(forms.collect(), Volatility::Immutable)
}

fn each<T>(
    args: &[ColumnarValue],
    rows: usize,
    measure: impl Fn(Geometry) -> Result<T>,
) -> Result<Vec<Option<T>>> {
    let geometries = args[0].to_array(rows)?;
    (0..rows).map(|row| Geometry::read(&geometries, row)?.map(&measure).transpose()).collect()
}

fn described(text: &str, syntax: &str, example: &str) -> DocumentationBuilder {
    Documentation::builder(POSITIONS, text, syntax).with_sql_example(example)
}
