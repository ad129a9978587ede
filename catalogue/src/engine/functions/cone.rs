//! `cone(ra, dec, ra0, dec0, radius_deg)`: whether a position is inside a circle, in one short word.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{Documentation, Signature, Volatility};

use super::POSITIONS;
use super::function::Function;
use super::numbers::Numbers;
use crate::healpix::{Circle, Region};

/// The name of the function.
pub(super) const CONE: &str = "cone";

pub(super) fn cone() -> Function {
    Function {
        name: CONE,
        aliases: &[],
        signature: Signature::exact(vec![DataType::Float64; 5], Volatility::Immutable),
        returns: |_| Field::new("", DataType::Boolean, true),
        call: |args, rows| {
            let numbers = Numbers::of(args, rows)?;
            let inside = numbers.each(|row| match Circle::new(row[2], row[3], row[4]) {
                Ok(circle) => Ok(Region::Circle(circle).contains(row[0], row[1])),
                Err(error) => exec_err!("cone: {error}"),
            });
            Ok(Arc::new(inside.collect::<Result<BooleanArray>>()?))
        },
        documentation: Documentation::builder(
            POSITIONS,
            "Whether a position is within a radius of a centre. With the table's own ra and dec and a \
             centre and radius in numbers, only the part of the sky around the cone is read.",
            "cone(ra, dec, ra0, dec0, radius_deg)",
        )
        .with_sql_example("SELECT count(*) FROM gaiadr3.gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1)")
        .with_argument("ra", "Right ascension of the position, degrees")
        .with_argument("dec", "Declination of the position, degrees")
        .with_argument("ra0", "Right ascension of the centre, degrees")
        .with_argument("dec0", "Declination of the centre, degrees, -90 to 90")
        .with_argument("radius_deg", "Radius, degrees, 0 to 180")
        .with_related_udf("contains")
        .build(),
    }
}
