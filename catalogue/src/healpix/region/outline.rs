//! Which side of a closed outline a direction lies on, by counting crossings on the way to a pole.
//!
//! As with the even-odd rule in the plane: longitudes around the pole are compared half-open, so an edge that ends
//! on a meridian is counted once, never twice or not at all.

use std::f64::consts::PI;

use super::arc::Arc;
use crate::healpix::Vector;

/// An outline in a frame whose pole is far from all of its edges.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outline {
    axes: [Vector; 3],
    edges: Vec<Edge>,
    pole_inside: bool,
}

/// An edge as the meridians of the frame see it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    /// The longitude where it begins in the east-going sense, included.
    from: f64,
    /// The longitude where it ends, not included.
    to: f64,
    /// The edge in the frame of the sky, turned so that it runs to the east and its left is the pole's side.
    arc: Arc,
}

impl Outline {
    /// `known` must be off the edges, and inside or not.
    pub(super) fn new(edges: &[Arc], known: Vector, known_inside: bool) -> Self {
        let corners: Vec<Vector> = edges.iter().map(|edge| edge.a).collect();
        let pole = pole_far_from(&corners);
        let across = pole.cross(off_axis(pole)).unit();
        let axes = [across, pole.cross(across), pole];
        let mut outline = Self { axes, edges: Vec::new(), pole_inside: false };
        outline.edges = edges.iter().map(|edge| outline.edge(edge)).collect();
        outline.pole_inside = outline.contains(known) != known_inside;
        outline
    }

    pub(super) fn contains(&self, place: Vector) -> bool {
        let longitude = self.longitude(place);
        let crossed = |edge: &&Edge| edge.spans(longitude) && edge.arc.side(place) < 0.0;
        (self.edges.iter().filter(crossed).count() % 2 == 1) != self.pole_inside
    }

    fn edge(&self, arc: &Arc) -> Edge {
        let (a, b) = (self.longitude(arc.a), self.longitude(arc.b));
        let step = b - a;
        let east = (step > 0.0 && step <= PI) || step < -PI;
        if east {
            return Edge { from: a, to: b, arc: *arc };
        }
        Edge { from: b, to: a, arc: Arc { a: arc.b, b: arc.a, normal: -arc.normal } }
    }

    /// From -pi, included, to pi, not included.
    fn longitude(&self, place: Vector) -> f64 {
        let longitude = place.dot(self.axes[1]).atan2(place.dot(self.axes[0]));
        if longitude >= PI { -PI } else { longitude }
    }
}

impl Edge {
    fn spans(&self, longitude: f64) -> bool {
        if self.from <= self.to {
            self.from <= longitude && longitude < self.to
        } else {
            longitude >= self.from || longitude < self.to
        }
    }
}

/// The one of many directions that, with its opposite, is farthest from all edges between the corners.
pub(super) fn pole_far_from(corners: &[Vector]) -> Vector {
    let edges = || corners.iter().zip(corners.iter().cycle().skip(1));
    let distance = |pole: Vector| {
        let arcs = edges().filter_map(|(a, b)| Arc::new(*a, *b).ok());
        arcs.map(|arc| arc.distance_rad(pole).min(arc.distance_rad(-pole))).fold(PI, f64::min)
    };
    let mut best = (Vector([0.0, 0.0, 1.0]), -1.0);
    for pole in candidates() {
        let distance = distance(pole);
        if distance > best.1 {
            best = (pole, distance);
        }
    }
    best.0
}

/// Directions spread evenly over half the sphere (a spiral of golden angles), off the axes that corners like.
fn candidates() -> impl Iterator<Item = Vector> {
    const DIRECTIONS: u8 = 24;
    let golden = PI * (3.0 - 5f64.sqrt());
    (0..DIRECTIONS).map(move |i| {
        let z = (f64::from(i) + 0.37) / f64::from(DIRECTIONS);
        let (sin, cos) = (golden * f64::from(i) + 0.1).sin_cos();
        let across = (1.0 - z * z).sqrt();
        Vector([across * cos, across * sin, z])
    })
}

/// An axis of the sky that is not near a direction.
fn off_axis(direction: Vector) -> Vector {
    if direction.0[2].abs() < 0.7 { Vector([0.0, 0.0, 1.0]) } else { Vector([1.0, 0.0, 0.0]) }
}
