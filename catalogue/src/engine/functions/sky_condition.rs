//! What a condition of SQL says about positions, in whichever way it says it: `cone(...)`, `CONTAINS(...) = 1`,
//! `1 = CONTAINS(...)`, `INTERSECTS(...) = 1`, `DISTANCE(...) < r` with points or numbers. For whoever reads less
//! of the sky because of it; the condition itself decides about the rows.

use arrow_schema::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::cone::CONE;
use super::geometry::{CONTAINS, DISTANCE, Geometry, INTERSECTS};
use crate::healpix::{Circle, Region};

/// A condition on positions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SkyCondition<'a> {
    /// A position is inside a region.
    Inside {
        /// Right ascension and declination, in degrees.
        place: [&'a Expr; 2],
        /// Where it must be.
        region: Region,
    },
    /// Two positions are at most so far apart.
    Near {
        /// Right ascension and declination of one, in degrees.
        a: [&'a Expr; 2],
        /// Right ascension and declination of the other, in degrees.
        b: [&'a Expr; 2],
        /// The distance, in degrees.
        radius_deg: f64,
    },
}

impl<'a> SkyCondition<'a> {
    /// What `condition` says, if it is nothing but a condition on positions. True of every row for which
    /// `condition` is true, and of others at most on the edge.
    pub(crate) fn of(condition: &'a Expr) -> Option<Self> {
        match condition {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match literal(right) {
                Some(value) => compared(left, *op, value),
                None => compared(right, op.swap()?, literal(left)?),
            },
            call => {
                let [ra, dec, ra0, dec0, radius] = arguments(call, CONE)? else { return None };
                Self::near(Place::new(ra, dec), Place::new(ra0, dec0), literal(radius)?)
            }
        }
    }

    fn near(a: Place<'a>, b: Place<'a>, radius_deg: f64) -> Option<Self> {
        match (a, b) {
            (Place::Of(place), Place::At([ra, dec])) | (Place::At([ra, dec]), Place::Of(place)) => {
                let circle = Circle::new(ra, dec, radius_deg.min(180.0)).ok()?;
                Some(Self::Inside { place, region: Region::Circle(circle) })
            }
            (Place::Of(a), Place::Of(b)) => Some(Self::Near { a, b, radius_deg }),
            (Place::At(_), Place::At(_)) => None,
        }
    }
}

/// A position in a condition.
enum Place<'a> {
    /// The same for all rows, in degrees.
    At([f64; 2]),
    /// Right ascension and declination, which differ between rows.
    Of([&'a Expr; 2]),
}

impl<'a> Place<'a> {
    fn new(ra: &'a Expr, dec: &'a Expr) -> Self {
        match (literal(ra), literal(dec)) {
            (Some(ra), Some(dec)) => Self::At([ra, dec]),
            _ => Self::Of([bare(ra), bare(dec)]),
        }
    }

    /// The position of a literal point or of `POINT(...)`.
    fn of_point(point: &'a Expr) -> Option<Self> {
        if let Expr::Literal(value, _) = point {
            let Geometry::Point(place) = Geometry::of_literal(value)? else { return None };
            return Some(Self::At(place));
        }
        match after_system(arguments(point, "point")?) {
            [ra, dec] => Some(Self::new(ra, dec)),
            _ => None,
        }
    }
}

fn compared<'a>(call: &'a Expr, op: Operator, value: f64) -> Option<SkyCondition<'a>> {
    if let Some(places) = arguments(bare(call), DISTANCE) {
        let (a, b) = match places {
            [ra1, dec1, ra2, dec2] => (Place::new(ra1, dec1), Place::new(ra2, dec2)),
            [a, b] => (Place::of_point(a)?, Place::of_point(b)?),
            _ => return None,
        };
        let below = matches!(op, Operator::Lt | Operator::LtEq) && value >= 0.0;
        return if below { SkyCondition::near(a, b, value) } else { None };
    }
    // 1 and 0 are all that the others answer.
    let holds = match op {
        Operator::Eq => value == 1.0,
        Operator::Gt | Operator::NotEq => value == 0.0,
        _ => false,
    };
    let call = widened(call);
    match (arguments(call, CONTAINS), arguments(call, INTERSECTS)) {
        (Some([place, region]), _) if holds => inside(place, region),
        (_, Some([a, b])) if holds => inside(a, b).or_else(|| inside(b, a)),
        _ => None,
    }
}

fn inside<'a>(place: &'a Expr, region: &'a Expr) -> Option<SkyCondition<'a>> {
    let place = Place::of_point(place)?;
    if let Expr::Literal(value, _) = region {
        return match (place, Geometry::of_literal(value)?) {
            (Place::Of(place), Geometry::Region(region)) => Some(SkyCondition::Inside { place, region }),
            _ => None,
        };
    }
    match after_system(arguments(region, "circle")?) {
        [ra, dec, radius] => SkyCondition::near(place, Place::new(ra, dec), literal(radius)?),
        [centre, radius] => SkyCondition::near(place, Place::of_point(centre)?, literal(radius)?),
        _ => None,
    }
}

fn after_system(args: &[Expr]) -> &[Expr] {
    match args {
        [Expr::Literal(ScalarValue::Utf8(_), _), rest @ ..] => rest,
        _ => args,
    }
}

fn arguments<'a>(call: &'a Expr, name: &str) -> Option<&'a [Expr]> {
    match call {
        Expr::Alias(alias) => arguments(&alias.expr, name),
        Expr::ScalarFunction(function) if function.name() == name => Some(&function.args),
        _ => None,
    }
}

/// Without the conversions to double precision and the names that the planner adds.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => bare(&alias.expr),
        Expr::Cast(cast) if *cast.field.data_type() == DataType::Float64 => bare(&cast.expr),
        other => other,
    }
}

/// Without conversions to wider numbers.
fn widened(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) if matches!(cast.field.data_type(), DataType::Int64 | DataType::Float64) => {
            &cast.expr
        }
        other => other,
    }
}

fn literal(expr: &Expr) -> Option<f64> {
    let Expr::Literal(value, _) = bare(expr) else { return None };
    match value.cast_to(&DataType::Float64).ok()? {
        ScalarValue::Float64(number) if value.data_type().is_numeric() => number,
        _ => None,
    }
}
