//! `cone(ra, dec, ra0, dec0, radius_deg)`: whether a position is inside a circle on the sphere, and which part
//! of the sky that circle covers.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::{POSITIONS, numbers};
use crate::engine::keys::KeyRanges;
use crate::healpix;

/// The name of the function.
pub(crate) const CONE: &str = "cone";

/// Ranges that a cone's cover may have. More are finer; each costs a binary search per page.
const COVER_RANGES: usize = 256;

/// A circle on the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cone {
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
}

impl Cone {
    /// The cone, if the values are a position and a radius from 0 to 180.
    fn new(ra_deg: f64, dec_deg: f64, radius_deg: f64) -> Option<Self> {
        let sound = ra_deg.is_finite() && dec_deg.abs() <= 90.0 && (0.0..=180.0).contains(&radius_deg);
        sound.then_some(Self { ra_deg, dec_deg, radius_deg })
    }

    /// The cone of the last three arguments of `cone`, if they are literals and sound.
    pub(crate) fn of_literals(args: &[Expr]) -> Option<Self> {
        let number = |arg: &Expr| match arg {
            Expr::Literal(ScalarValue::Float64(value), _) => *value,
            _ => None,
        };
        match args {
            [ra, dec, radius] => Self::new(number(ra)?, number(dec)?, number(radius)?),
            _ => None,
        }
    }

    /// A cover of the cone by HEALPix numbers of order 29; it holds every position inside, and some outside.
    pub(crate) fn healpix_ranges(&self) -> KeyRanges {
        KeyRanges::new(healpix::cone_ranges(self.ra_deg, self.dec_deg, self.radius_deg, COVER_RANGES))
    }

    /// Whether a position is at most the radius away. Most rows are far in declination alone, which is cheap.
    fn contains(&self, ra_deg: f64, dec_deg: f64) -> bool {
        (dec_deg - self.dec_deg).abs() <= self.radius_deg + 1e-9
            && healpix::separation_deg(ra_deg, dec_deg, self.ra_deg, self.dec_deg) <= self.radius_deg
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ConeFunction {
    signature: Signature,
    documentation: Documentation,
}

impl ConeFunction {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Float64; 5], Volatility::Immutable),
            documentation: Documentation::builder(
                POSITIONS,
                "Whether a position is within a radius of a centre. With the table's own ra and dec and a \
                 centre and radius in numbers, only the part of the sky around the cone is read.",
                "cone(ra, dec, ra0, dec0, radius_deg)",
            )
            .with_argument("ra", "Right ascension of the position, degrees")
            .with_argument("dec", "Declination of the position, degrees")
            .with_argument("ra0", "Right ascension of the centre, degrees")
            .with_argument("dec0", "Declination of the centre, degrees, -90 to 90")
            .with_argument("radius_deg", "Radius, degrees, 0 to 180")
            .with_related_udf("distance_deg")
            .build(),
        }
    }
}

impl ScalarUDFImpl for ConeFunction {
    fn name(&self) -> &str {
        CONE
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let [ra, dec, ra0, dec0, radius] = numbers(&columns)?;
        let inside = (0..ra.len()).map(|row| {
            let centre = [ra0, dec0, radius].map(|column| column.get(row));
            let (Some(ra), Some(dec), [Some(ra0), Some(dec0), Some(radius)]) = (ra.get(row), dec.get(row), centre)
            else {
                return Ok(None);
            };
            match Cone::new(ra0, dec0, radius) {
                Some(cone) => Ok(Some(cone.contains(ra, dec))),
                None => exec_err!(
                    "cone(ra, dec, {ra0}, {dec0}, {radius}): the centre must be a position in degrees, and the radius 0 to 180"
                ),
            }
        });
        Ok(ColumnarValue::Array(Arc::new(inside.collect::<Result<BooleanArray>>()?)))
    }
}
