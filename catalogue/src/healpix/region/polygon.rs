//! A polygon on the sphere: corners joined by great circles, convex or not.
//!
//! The inside is the smaller of the two parts into which the outline cuts the sphere, so the corners may be listed
//! in either direction. Outlines that cross themselves have no inside and are refused.

use std::f64::consts::{PI, TAU};

use super::arc::{Arc, NoArc, turn};
use super::error::{RegionError, position};
use super::outline::Outline;
use crate::healpix::Vector;

/// Corners that a polygon may have: checking that no edges cross costs their square.
pub const MAX_CORNERS: usize = 1_000;

/// A simple polygon with its inside and its edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    edges: Vec<Arc>,
    outline: Outline,
    /// Whether the outline runs with the inside on its left, as seen from outside the sphere.
    inside_left: bool,
    area_sr: f64,
}

impl Polygon {
    /// The polygon with corners at (ra, dec) in degrees. The first corner may be repeated at the end.
    pub fn new(corners: &[[f64; 2]]) -> Result<Self, RegionError> {
        let corners = match corners {
            [first, others @ .., last] if first == last && others.len() >= 2 => &corners[..corners.len() - 1],
            _ => corners,
        };
        if !(3..=MAX_CORNERS).contains(&corners.len()) {
            return Err(RegionError::Corners(corners.len()));
        }
        corners.iter().try_for_each(|[ra, dec]| position(*ra, *dec))?;
        let corners: Vec<Vector> = corners.iter().map(|[ra, dec]| Vector::of_degrees(*ra, *dec)).collect();
        Self::of(&corners)
    }

    fn of(corners: &[Vector]) -> Result<Self, RegionError> {
        let edges = edges(corners)?;
        check_simple(&edges)?;
        // What lies opposite to the apex of all triangles is outside the area that they add up to.
        let apex = apex(corners);
        let signed: f64 = edges.iter().map(|edge| edge.triangle_sr(apex)).sum();
        let area = signed.abs();
        if area == 0.0 || (area - TAU).abs() < 1e-12 {
            return Err(RegionError::Flat);
        }
        let behind_inside = area > TAU;
        let outline = Outline::new(&edges, -apex, behind_inside);
        let area_sr = if behind_inside { 2.0 * TAU - area } else { area };
        Ok(Self { edges, outline, inside_left: (signed > 0.0) != behind_inside, area_sr })
    }

    /// A box: the sides are great circles across the ends of a cross of `width_deg` by `height_deg` along the
    /// great circles to the east and to the north of the centre, as in STC 1.33, section 4.5.1.5.
    pub fn rectangle(
        [ra_deg, dec_deg]: [f64; 2],
        width_deg: f64,
        height_deg: f64,
    ) -> Result<Self, RegionError> {
        Self::of(&rectangle(ra_deg, dec_deg, width_deg, height_deg)?)
    }

    /// Its corners as (ra, dec) in degrees, in the order given.
    pub fn corners_deg(&self) -> impl Iterator<Item = (f64, f64)> {
        self.edges.iter().map(|edge| edge.a.to_degrees())
    }

    pub(super) fn contains(&self, place: Vector) -> bool {
        self.outline.contains(place)
    }

    /// The distance to the edge in radians, negative outside.
    pub(super) fn clearance_rad(&self, place: Vector) -> f64 {
        let distance = self.edges.iter().map(|edge| edge.distance_rad(place)).fold(PI, f64::min);
        if self.contains(place) { distance } else { -distance }
    }

    pub(super) fn area_sr(&self) -> f64 {
        self.area_sr
    }

    /// The direction of the integral of all directions inside.
    pub(super) fn centroid(&self) -> Vector {
        let sum = self.edges.iter().map(Arc::moment).fold(Vector([0.0; 3]), |sum, moment| sum + moment);
        if self.inside_left { sum.unit() } else { -sum.unit() }
    }

    /// Whether a position is in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.crosses(other) || self.has_corner_of(other) || other.has_corner_of(self)
    }

    /// Whether all of another polygon is inside.
    pub(super) fn encloses(&self, other: &Self) -> bool {
        !self.crosses(other)
            && other.edges.iter().all(|edge| self.contains(edge.a))
            && !other.surrounds_edge_of(self)
    }

    fn crosses(&self, other: &Self) -> bool {
        self.edges.iter().any(|edge| other.edges.iter().any(|against| edge.crosses(against)))
    }

    fn has_corner_of(&self, other: &Self) -> bool {
        other.edges.iter().any(|edge| self.contains(edge.a))
    }

    /// Then what is beyond that edge is inside too, and outside the other.
    fn surrounds_edge_of(&self, other: &Self) -> bool {
        other.edges.iter().any(|edge| self.clearance_rad(edge.a) > 1e-12)
    }
}

fn edges(corners: &[Vector]) -> Result<Vec<Arc>, RegionError> {
    let next = |i: usize| (i + 1) % corners.len();
    let edge = |i: usize| {
        Arc::new(corners[i], corners[next(i)]).map_err(|no| {
            let why = match no {
                NoArc::Same => "the same",
                NoArc::Opposite => "opposite to each other",
            };
            RegionError::NoEdge(i + 1, next(i) + 1, why)
        })
    };
    (0..corners.len()).map(edge).collect()
}

fn check_simple(edges: &[Arc]) -> Result<(), RegionError> {
    for (i, edge) in edges.iter().enumerate() {
        if let Some(j) = edges[i + 1..].iter().position(|other| edge.crosses(other)) {
            return Err(RegionError::Crossing(i + 1, i + j + 2));
        }
    }
    let flat = edges.windows(2).all(|pair| turn(pair[0].a, pair[0].b, pair[1].b) == 0.0);
    if flat { Err(RegionError::Flat) } else { Ok(()) }
}

/// A direction amid the corners when they fit into a hemisphere: triangles from there are as exact as the outline
/// is small. Otherwise one that no edge comes near to, nor to its opposite.
fn apex(corners: &[Vector]) -> Vector {
    let sum = corners.iter().fold(Vector([0.0; 3]), |sum, corner| sum + *corner);
    let amid = if sum.norm() > 0.0 { sum.unit() } else { corners[0] };
    if corners.iter().all(|corner| corner.dot(amid) > 0.1) {
        amid
    } else {
        super::outline::pole_far_from(corners)
    }
}

fn rectangle(ra_deg: f64, dec_deg: f64, width_deg: f64, height_deg: f64) -> Result<[Vector; 4], RegionError> {
    position(ra_deg, dec_deg)?;
    for (name, value) in [("width", width_deg), ("height", height_deg)] {
        if !(value > 0.0 && value < 180.0) {
            return Err(RegionError::Size { name, value, range: "more than 0 and less than 180" });
        }
    }
    let (east, north) = Vector::east_and_north(ra_deg, dec_deg);
    let centre = Vector::of_degrees(ra_deg, dec_deg);
    let (across, up) = ((width_deg / 2.0).to_radians().tan(), (height_deg / 2.0).to_radians().tan());
    let corner = |x: f64, y: f64| (centre + east * (x * across) + north * (y * up)).unit();
    Ok([corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)])
}
