//! CONTAINS and INTERSECTS (ADQL 2.1, sections 4.2.11 and 4.2.14): 1 or 0, as ADQL has no truth values there.
//!
//! Between two texts, `contains` remains the function on texts that it is elsewhere in SQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array};
use arrow::datatypes::Float64Type;
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, Signature, TypeSignature, Volatility};

use super::super::POSITIONS;
use super::super::function::Function;
use super::{Geometry, circle, ellipse, point, polygon};
use crate::healpix::Region;

/// The name of the function that says whether one geometry is inside another.
pub(in super::super) const CONTAINS: &str = "contains";

/// The name of the function that says whether two geometries share a position.
pub(in super::super) const INTERSECTS: &str = "intersects";

pub(super) fn all() -> Vec<Function> {
    vec![contains(), intersects()]
}

fn contains() -> Function {
    let texts = TypeSignature::Exact(vec![DataType::Utf8, DataType::Utf8]);
    let inner = [point(), circle(), polygon()];
    let outer = [point(), circle(), polygon(), ellipse(), DataType::Utf8];
    Function {
        name: CONTAINS,
        aliases: &[],
        signature: pairs(&inner, &outer, Some(texts)),
        returns: |types| match types {
            [DataType::Utf8, ..] => Field::new("", DataType::Boolean, true),
            _ => Field::new("", DataType::Int32, true),
        },
        call: |args, rows| match args[0].data_type() {
            DataType::Utf8 => contains_text(args, rows),
            _ => relate(args, rows, "CONTAINS", |inner, outer| match (inner, outer) {
                (Geometry::Point(a), Geometry::Point(b)) => Some(a == b),
                (Geometry::Point([ra, dec]), Geometry::Region(region)) => Some(region.contains(*ra, *dec)),
                (Geometry::Region(inner), Geometry::Region(outer)) => outer.encloses(inner),
                (Geometry::Region(_), Geometry::Point(_)) => Some(false),
            }),
        },
        documentation: Documentation::builder(
            POSITIONS,
            "1 if the first geometry is inside the second or on its edge, and 0 if not. With the table's own ra and \
             dec and a geometry in numbers, only that part of the sky is read. Positions that are none are in nothing.",
            "contains(point, region)",
        )
        .with_sql_example(
            "SELECT count(*) FROM gaiadr3.gaia_source WHERE contains(point(ra, dec), box(56.75, 24.12, 2, 1)) = 1",
        )
        .with_argument("point", "A point, or a circle or polygon in a circle or polygon")
        .with_argument("region", "A circle, box, polygon, ellipse or MOC")
        .with_related_udf(INTERSECTS)
        .build(),
    }
}

fn intersects() -> Function {
    let shapes = [point(), circle(), polygon(), ellipse(), DataType::Utf8];
    Function {
        name: INTERSECTS,
        aliases: &[],
        signature: pairs(&shapes, &shapes, None),
        returns: |_| Field::new("", DataType::Int32, true),
        call: |args, rows| {
            relate(args, rows, "INTERSECTS", |a, b| match (a, b) {
                (Geometry::Point(a), Geometry::Point(b)) => Some(a == b),
                (Geometry::Point([ra, dec]), Geometry::Region(region))
                | (Geometry::Region(region), Geometry::Point([ra, dec])) => Some(region.contains(*ra, *dec)),
                (Geometry::Region(a), Geometry::Region(b)) => a.intersects(b),
            })
        },
        documentation: Documentation::builder(
            POSITIONS,
            "1 if two geometries have a position in common, and 0 if not: circles, boxes and polygons in any pairing, \
             two MOCs, and a point with anything.",
            "intersects(region1, region2)",
        )
        .with_sql_example("SELECT intersects(circle(0, 0, 1), box(1.5, 0, 1, 1))")
        .with_argument("region1", "A geometry")
        .with_argument("region2", "Another geometry")
        .with_related_udf(CONTAINS)
        .build(),
    }
}

fn pairs(first: &[DataType], second: &[DataType], more: Option<TypeSignature>) -> Signature {
    let pair = |a: &DataType, b: &DataType| TypeSignature::Exact(vec![a.clone(), b.clone()]);
    let pairs = first.iter().flat_map(|a| second.iter().map(move |b| pair(a, b)));
    Signature::one_of(more.into_iter().chain(pairs).collect(), Volatility::Immutable)
}

type Relation = fn(&Geometry, &Geometry) -> Option<bool>;

fn relate(args: &[ColumnarValue], rows: usize, name: &str, relation: Relation) -> Result<ArrayRef> {
    if let (ColumnarValue::Array(points), ColumnarValue::Scalar(region)) = (&args[0], &args[1])
        && *points.data_type() == point()
        && let Some(Geometry::Region(region)) = geometry(region)?
    {
        return Ok(Arc::new(points_in(points, &region)));
    }
    let first = args[0].to_array(rows)?;
    let second = args[1].to_array(rows)?;
    let related = (0..rows).map(|row| {
        let (Some(a), Some(b)) = (Geometry::read(&first, row)?, Geometry::read(&second, row)?) else {
            return Ok(None);
        };
        match relation(&a, &b) {
            Some(related) => Ok(Some(i32::from(related))),
            None => exec_err!("{name} is not decided between {} and {}", kind(&a), kind(&b)),
        }
    });
    Ok(Arc::new(related.collect::<Result<Int32Array>>()?))
}

fn geometry(value: &ScalarValue) -> Result<Option<Geometry>> {
    Geometry::read(&value.to_array()?, 0)
}

/// The usual case: the positions of a table and one region, which is prepared once.
fn points_in(points: &ArrayRef, region: &Region) -> Int32Array {
    let points = points.as_fixed_size_list();
    let numbers = points.values().as_primitive::<Float64Type>();
    let (corners, _) = numbers.values().as_chunks::<2>();
    let first = usize::try_from(points.value_offset(0)).unwrap_or(0) / 2;
    let inside = corners[first..]
        .iter()
        .take(points.len())
        .enumerate()
        .map(|(row, [ra, dec])| points.is_valid(row).then(|| i32::from(region.contains(*ra, *dec))));
    inside.collect()
}

fn kind(geometry: &Geometry) -> &'static str {
    match geometry {
        Geometry::Point(_) => "a point",
        Geometry::Region(Region::Circle(_)) => "a circle",
        Geometry::Region(Region::Ellipse(_)) => "an ellipse",
        Geometry::Region(Region::Polygon(_)) => "a polygon",
        Geometry::Region(Region::Moc(_)) => "a MOC",
    }
}

fn contains_text(args: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    let (text, part) = (args[0].to_array(rows)?, args[1].to_array(rows)?);
    Ok(Arc::new(arrow::compute::kernels::comparison::contains(&text, &part)?))
}
