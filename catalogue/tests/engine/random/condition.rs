//! Random conditions on places and identifiers: what SQL says, and what is true of a star.

use proptest::prelude::*;
use proptest::sample::Index;

use super::stars::{AWKWARD, Star, stars};
use super::vectors::{angle, destination, direction, left_of};

/// Closer to an edge than this, in radians, both answers are right: 0.02 microarcseconds.
const EDGE: f64 = 1e-13;

/// A condition on a row.
#[derive(Clone, Debug)]
pub enum Condition {
    /// At most `radius` degrees from `centre`, in one of three spellings.
    Cone {
        centre: [f64; 2],
        radius: f64,
        spelling: u8,
    },
    /// In a polygon with these corners, all of which are seen from `centre`, counter-clockwise.
    Polygon {
        centre: [f64; 2],
        corners: Vec<[f64; 2]>,
    },
    /// One of these identifiers.
    Ids(Vec<i64>),
    Both(Box<Condition>, Box<Condition>),
    Either(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// The condition in SQL.
    pub fn sql(&self) -> String {
        match self {
            Self::Cone { centre: [ra, dec], radius, spelling } => match spelling {
                0 => format!("cone(ra, dec, {ra:?}, {dec:?}, {radius:?})"),
                1 => format!("contains(point(ra, dec), circle({ra:?}, {dec:?}, {radius:?})) = 1"),
                _ => format!("distance(point({ra:?}, {dec:?}), point(ra, dec)) <= {radius:?}"),
            },
            Self::Polygon { corners, .. } => {
                let numbers = corners.iter().flatten().map(|number| format!("{number:?}"));
                format!("contains(point(ra, dec), polygon({})) = 1", numbers.collect::<Vec<_>>().join(", "))
            }
            Self::Ids(ids) => {
                let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                format!("source_id IN ({})", ids.join(", "))
            }
            Self::Both(one, other) => format!("({} AND {})", one.sql(), other.sql()),
            Self::Either(one, other) => format!("({} OR {})", one.sql(), other.sql()),
            Self::Not(one) => format!("NOT ({})", one.sql()),
        }
    }

    /// Whether it is true of a star; nothing when the star is on an edge.
    pub fn holds(&self, star: &Star) -> Option<bool> {
        match self {
            Self::Cone { centre, radius, .. } => {
                let inside = radius.to_radians() - angle(star.direction, direction(*centre));
                // A radius of zero holds the centre.
                if star.at == *centre { Some(true) } else { decided(inside) }
            }
            Self::Polygon { centre, corners } => in_polygon(*centre, corners, star),
            Self::Ids(ids) => Some(ids.contains(&star.id)),
            Self::Both(one, other) => match (one.holds(star), other.holds(star)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (one, other) => Some(one? && other?),
            },
            Self::Either(one, other) => match (one.holds(star), other.holds(star)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (one, other) => Some(one? || other?),
            },
            Self::Not(one) => one.holds(star).map(|holds| !holds),
        }
    }
}

fn decided(inside: f64) -> Option<bool> {
    (inside.abs() > EDGE).then_some(inside > 0.0)
}

/// Whether a star is in one of the triangles of the centre and two neighbouring corners.
fn in_polygon(centre: [f64; 2], corners: &[[f64; 2]], star: &Star) -> Option<bool> {
    let (centre, place) = (direction(centre), star.direction);
    let ends = corners.iter().zip(corners.iter().cycle().skip(1));
    for (a, b) in ends.map(|(a, b)| (direction(*a), direction(*b))) {
        // What is on the line between two triangles is in both of them.
        if left_of(centre, a, place) >= -EDGE && left_of(b, centre, place) >= -EDGE {
            let inside = decided(left_of(a, b, place));
            if inside != Some(false) {
                return inside;
            }
        }
    }
    Some(false)
}

/// Two of them together.
pub fn several() -> impl Strategy<Value = Condition> {
    let single = || prop_oneof![cone(), polygon(), ids()];
    (single(), single(), 0..4).prop_map(|(one, other, how)| {
        let (one, other) = (Box::new(one), Box::new(other));
        match how {
            0 => Condition::Both(one, other),
            1 => Condition::Either(one, other),
            2 => Condition::Both(one, Box::new(Condition::Not(other))),
            _ => Condition::Either(Box::new(Condition::Not(one)), other),
        }
    })
}

/// From a point to the whole sky.
pub fn cone() -> impl Strategy<Value = Condition> {
    let radius = prop_oneof![
        8 => (-6.0..2.25f64).prop_map(|log| 10f64.powf(log)),
        1 => prop_oneof![Just(0.0), Just(90.0), Just(180.0), Just(1e-12)],
    ];
    (place(), radius, 0u8..3).prop_map(|(centre, radius, spelling)| Condition::Cone {
        centre,
        radius,
        spelling,
    })
}

/// Corners at bearings that fall, at distances of their own, so that many turn inwards.
pub fn polygon() -> impl Strategy<Value = Condition> {
    let distances = prop::collection::vec(0.2..1.0f64, 3..9);
    (place(), -5.0..1.7f64, distances, 0.0..360.0f64).prop_map(|(centre, log, distances, first)| {
        let (size, step) = (10f64.powf(log), 360.0 / distances.len() as f64);
        let corner = |(number, distance): (usize, &f64)| {
            destination(centre, size * distance, first - step * number as f64)
        };
        Condition::Polygon { centre, corners: distances.iter().enumerate().map(corner).collect() }
    })
}

/// Identifiers that are there, their neighbours that are not, impossible ones, and some of them twice.
pub fn ids() -> impl Strategy<Value = Condition> {
    let known = |index: Index| stars()[index.index(stars().len())].id;
    let id = prop_oneof![
        6 => any::<Index>().prop_map(known),
        2 => (any::<Index>(), -2i64..3).prop_map(move |(index, beside)| known(index) + beside),
        1 => prop_oneof![Just(0), Just(-1), Just(i64::MAX), any::<i64>()],
    ];
    (prop::collection::vec(id, 1..60), any::<bool>()).prop_map(|(mut ids, twice)| {
        if twice {
            ids.extend_from_within(..ids.len() / 2);
        }
        Condition::Ids(ids)
    })
}

/// Where stars are, near there, where it is awkward, and anywhere.
fn place() -> impl Strategy<Value = [f64; 2]> {
    let star = any::<Index>().prop_map(|index| stars()[index.index(stars().len())].at);
    let near = (any::<Index>(), -5.0..1.0f64, 0.0..360.0f64).prop_map(|(index, log, bearing)| {
        destination(stars()[index.index(stars().len())].at, 10f64.powf(log), bearing)
    });
    let awkward = prop::sample::select(&AWKWARD[..]);
    let anywhere = (0.0..360.0f64, -1.0..=1.0f64).prop_map(|(ra, sin)| [ra, sin.asin().to_degrees()]);
    prop_oneof![2 => star, 3 => near, 1 => awkward, 1 => anywhere]
}
