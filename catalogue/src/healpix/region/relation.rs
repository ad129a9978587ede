//! How two regions lie to each other. Circles and polygons in any pairing, and two MOCs; other pairs have no exact
//! answer here, and get none.

use super::{Circle, Moc, Polygon, Region};

/// Distances closer than this are the same: 0.2 microarcseconds.
const SAME_RAD: f64 = 1e-12;

impl Region {
    /// Whether some position is in both; `None` when that is not decided for such a pair.
    pub fn intersects(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Circle(a), Self::Circle(b)) => Some(a.meets(b)),
            (Self::Circle(circle), Self::Polygon(polygon))
            | (Self::Polygon(polygon), Self::Circle(circle)) => Some(circle.meets_polygon(polygon)),
            (Self::Polygon(a), Self::Polygon(b)) => Some(a.meets(b)),
            (Self::Moc(a), Self::Moc(b)) => Some(a.meets(b)),
            _ => None,
        }
    }

    /// Whether all of `other` is inside; `None` when that is not decided for such a pair.
    pub fn encloses(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Circle(a), Self::Circle(b)) => Some(a.clearance_rad(b.centre()) + SAME_RAD >= radius(b)),
            (Self::Polygon(polygon), Self::Circle(circle)) => {
                Some(polygon.clearance_rad(circle.centre()) + SAME_RAD >= radius(circle))
            }
            // Then it does not meet what is outside the circle, which is a circle again.
            (Self::Circle(circle), Self::Polygon(polygon)) => {
                let outside = circle.outside();
                Some(polygon.clearance_rad(outside.centre()) - SAME_RAD <= -radius(&outside))
            }
            (Self::Polygon(a), Self::Polygon(b)) => Some(a.encloses(b)),
            _ => None,
        }
    }
}

fn radius(circle: &Circle) -> f64 {
    circle.radius_deg().to_radians()
}

impl Circle {
    fn meets(&self, other: &Self) -> bool {
        self.centre().angle_to(other.centre()) <= radius(self) + radius(other)
    }

    fn meets_polygon(&self, polygon: &Polygon) -> bool {
        polygon.clearance_rad(self.centre()) >= -radius(self)
    }
}

impl Moc {
    fn meets(&self, other: &Self) -> bool {
        self.ranges().iter().any(|range| {
            let first = other.ranges().partition_point(|against| against.end() < range.start());
            other.ranges().get(first).is_some_and(|against| against.start() <= range.end())
        })
    }
}
