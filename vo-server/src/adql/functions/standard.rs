//! The functions of ADQL 2.1 itself.

use std::ops::RangeInclusive;

use super::{Function, Group};

/// As many arguments as there are.
const MANY: usize = usize::MAX;

type Row = (&'static str, Group, RangeInclusive<usize>, &'static str, &'static str);

use Group::{Aggregate, Condition, Geometry, Mathematics, Text, Unit};

const ROWS: [Row; 44] = [
    (
        "count",
        Aggregate,
        1..=1,
        "COUNT(value ANY) -> BIGINT",
        "Number of values that are not null; COUNT(*) of rows.",
    ),
    ("avg", Aggregate, 1..=1, "AVG(value DOUBLE) -> DOUBLE", "Mean of the values that are not null."),
    ("max", Aggregate, 1..=1, "MAX(value ANY) -> ANY", "Largest value."),
    ("min", Aggregate, 1..=1, "MIN(value ANY) -> ANY", "Smallest value."),
    ("sum", Aggregate, 1..=1, "SUM(value DOUBLE) -> DOUBLE", "Sum of the values that are not null."),
    ("abs", Mathematics, 1..=1, "ABS(x DOUBLE) -> DOUBLE", "Absolute value."),
    (
        "ceiling",
        Mathematics,
        1..=1,
        "CEILING(x DOUBLE) -> DOUBLE",
        "Smallest integer that is not less than x.",
    ),
    ("degrees", Mathematics, 1..=1, "DEGREES(x DOUBLE) -> DOUBLE", "An angle in radians as degrees."),
    ("exp", Mathematics, 1..=1, "EXP(x DOUBLE) -> DOUBLE", "Exponential function."),
    ("floor", Mathematics, 1..=1, "FLOOR(x DOUBLE) -> DOUBLE", "Largest integer that is not greater than x."),
    ("log", Mathematics, 1..=1, "LOG(x DOUBLE) -> DOUBLE", "Natural logarithm."),
    ("log10", Mathematics, 1..=1, "LOG10(x DOUBLE) -> DOUBLE", "Logarithm to base 10."),
    (
        "mod",
        Mathematics,
        2..=2,
        "MOD(x DOUBLE, y DOUBLE) -> DOUBLE",
        "Remainder of x / y, with the sign of x.",
    ),
    ("pi", Mathematics, 0..=0, "PI() -> DOUBLE", "The number pi."),
    ("power", Mathematics, 2..=2, "POWER(x DOUBLE, y DOUBLE) -> DOUBLE", "x raised to the power of y."),
    ("radians", Mathematics, 1..=1, "RADIANS(x DOUBLE) -> DOUBLE", "An angle in degrees as radians."),
    (
        "rand",
        Mathematics,
        0..=1,
        "RAND(x DOUBLE) -> DOUBLE",
        "A random number between 0 and 1; x has no effect.",
    ),
    (
        "round",
        Mathematics,
        1..=2,
        "ROUND(x DOUBLE, n INTEGER) -> DOUBLE",
        "x rounded to n decimal places, or to an integer.",
    ),
    ("sqrt", Mathematics, 1..=1, "SQRT(x DOUBLE) -> DOUBLE", "Positive square root."),
    (
        "truncate",
        Mathematics,
        1..=2,
        "TRUNCATE(x DOUBLE, n INTEGER) -> DOUBLE",
        "x cut off after n decimal places, or to an integer.",
    ),
    ("acos", Mathematics, 1..=1, "ACOS(x DOUBLE) -> DOUBLE", "Arc cosine, in radians."),
    ("asin", Mathematics, 1..=1, "ASIN(x DOUBLE) -> DOUBLE", "Arc sine, in radians."),
    ("atan", Mathematics, 1..=1, "ATAN(x DOUBLE) -> DOUBLE", "Arc tangent, in radians."),
    (
        "atan2",
        Mathematics,
        2..=2,
        "ATAN2(y DOUBLE, x DOUBLE) -> DOUBLE",
        "Polar angle of (x, y), in radians.",
    ),
    ("cos", Mathematics, 1..=1, "COS(x DOUBLE) -> DOUBLE", "Cosine of an angle in radians."),
    ("cot", Mathematics, 1..=1, "COT(x DOUBLE) -> DOUBLE", "Cotangent of an angle in radians."),
    ("sin", Mathematics, 1..=1, "SIN(x DOUBLE) -> DOUBLE", "Sine of an angle in radians."),
    ("tan", Mathematics, 1..=1, "TAN(x DOUBLE) -> DOUBLE", "Tangent of an angle in radians."),
    ("area", Geometry, 1..=1, "AREA(region REGION) -> DOUBLE", "Area in square degrees."),
    (
        "box",
        Geometry,
        3..=5,
        "BOX(ra DOUBLE, dec DOUBLE, width DOUBLE, height DOUBLE) -> POLYGON",
        "The box around a position or point, in degrees.",
    ),
    ("centroid", Geometry, 1..=1, "CENTROID(region REGION) -> POINT", "Centre of area."),
    (
        "circle",
        Geometry,
        2..=4,
        "CIRCLE(ra DOUBLE, dec DOUBLE, radius DOUBLE) -> CIRCLE",
        "The circle around a position or point, in degrees.",
    ),
    (
        "contains",
        Geometry,
        2..=2,
        "CONTAINS(inner REGION, outer REGION) -> INTEGER",
        "1 if the first is inside the second, and 0 if not.",
    ),
    ("coord1", Geometry, 1..=1, "COORD1(point POINT) -> DOUBLE", "Right ascension of a point, in degrees."),
    ("coord2", Geometry, 1..=1, "COORD2(point POINT) -> DOUBLE", "Declination of a point, in degrees."),
    (
        "coordsys",
        Geometry,
        1..=1,
        "COORDSYS(region REGION) -> VARCHAR",
        "The coordinate system, which is ICRS.",
    ),
    (
        "distance",
        Geometry,
        2..=4,
        "DISTANCE(ra1 DOUBLE, dec1 DOUBLE, ra2 DOUBLE, dec2 DOUBLE) -> DOUBLE",
        "Angle between two positions or points, in degrees.",
    ),
    (
        "intersects",
        Geometry,
        2..=2,
        "INTERSECTS(a REGION, b REGION) -> INTEGER",
        "1 if the two have a position in common, and 0 if not.",
    ),
    ("point", Geometry, 2..=3, "POINT(ra DOUBLE, dec DOUBLE) -> POINT", "A position, in degrees."),
    (
        "polygon",
        Geometry,
        3..=MANY,
        "POLYGON(ra1 DOUBLE, dec1 DOUBLE, ra2 DOUBLE, dec2 DOUBLE, ra3 DOUBLE, dec3 DOUBLE, ...) -> POLYGON",
        "The smaller part of the sky inside corners joined by great circles.",
    ),
    (
        "region",
        Geometry,
        1..=1,
        "REGION(stcs VARCHAR) -> REGION",
        "A position, circle, box or polygon of ICRS in STC-S, or a MOC.",
    ),
    ("lower", Text, 1..=1, "LOWER(text VARCHAR) -> VARCHAR", "A text in small letters."),
    ("upper", Text, 1..=1, "UPPER(text VARCHAR) -> VARCHAR", "A text in capital letters."),
    (
        "coalesce",
        Condition,
        1..=MANY,
        "COALESCE(value ANY, ...) -> ANY",
        "The first argument that is not null.",
    ),
];

const IN_UNIT: Row = (
    "in_unit",
    Unit,
    2..=2,
    "IN_UNIT(value DOUBLE, unit VARCHAR) -> DOUBLE",
    "A column with a unit in another unit, in VOUnits.",
);

pub(super) fn functions() -> Vec<Function> {
    let function = |(name, group, arguments, signature, about): Row| Function {
        name,
        group,
        signature,
        about,
        arguments,
    };
    ROWS.into_iter().chain([IN_UNIT]).map(function).collect()
}
