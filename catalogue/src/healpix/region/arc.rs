//! An edge of a polygon: the shorter arc of a great circle between two directions.

use crate::healpix::Vector;

/// Directions closer than this, or closer to opposite, do not say which great circle joins them: 0.2 nanoarcseconds.
const SAME_RAD: f64 = 1e-15;

/// The arc from `a` to `b`, less than half a circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arc {
    pub(super) a: Vector,
    pub(super) b: Vector,
    /// To the left of the way from `a` to `b` as seen from outside the sphere; of length one.
    pub(super) normal: Vector,
}

/// Why two directions have no arc.
pub(super) enum NoArc {
    Same,
    Opposite,
}

impl Arc {
    pub(super) fn new(a: Vector, b: Vector) -> Result<Self, NoArc> {
        let normal = a.normal_to(b);
        if normal.norm() > SAME_RAD {
            return Ok(Self { a, b, normal: normal.unit() });
        }
        Err(if a.dot(b) > 0.0 { NoArc::Same } else { NoArc::Opposite })
    }

    /// On which side of the great circle a direction lies: positive to the left, as the sine of the distance.
    pub(super) fn side(&self, place: Vector) -> f64 {
        // Relative to `a`, so that nothing is lost when all is close together.
        self.normal.dot(place - self.a)
    }

    /// The distance of a direction from the arc in radians.
    pub(super) fn distance_rad(&self, place: Vector) -> f64 {
        let past_a = self.normal.cross(self.a).dot(place) >= 0.0;
        let before_b = self.b.cross(self.normal).dot(place) >= 0.0;
        if past_a && before_b {
            self.side(place).abs().min(1.0).asin()
        } else {
            self.a.angle_to(place).min(self.b.angle_to(place))
        }
    }

    /// Whether two arcs cross between their ends.
    pub(super) fn crosses(&self, other: &Self) -> bool {
        let turns = [
            turn(self.a, other.a, self.b),
            turn(other.a, self.b, other.b),
            turn(self.b, other.b, self.a),
            turn(other.b, self.a, other.a),
        ];
        turns.iter().all(|turn| *turn > 0.0) || turns.iter().all(|turn| *turn < 0.0)
    }

    /// Half the length times the normal: what it adds to the integral of the directions inside an outline.
    pub(super) fn moment(&self) -> Vector {
        self.normal * (self.a.angle_to(self.b) / 2.0)
    }

    /// The signed area in steradians of the triangle that it spans with an apex (Van Oosterom and Strackee 1983).
    pub(super) fn triangle_sr(&self, apex: Vector) -> f64 {
        let volume = turn(apex, self.a, self.b);
        let cosines = 1.0 + self.a.dot(self.b) + self.b.dot(apex) + apex.dot(self.a);
        2.0 * volume.atan2(cosines)
    }
}

/// Positive when a, b, c turn to the left; by differences, so that nothing is lost when all is close together.
pub(super) fn turn(a: Vector, b: Vector, c: Vector) -> f64 {
    a.dot((b - a).cross(c - a))
}
