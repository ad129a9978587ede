//! Directions as three numbers, apart from the arithmetic of the catalogue that they are to test.

/// A direction of length one: x to RA 0, y to RA 90, z to the north pole.
pub type Direction = [f64; 3];

/// The direction of (ra, dec) in degrees.
pub fn direction([ra, dec]: [f64; 2]) -> Direction {
    let ((sin_ra, cos_ra), (sin_dec, cos_dec)) = (ra.to_radians().sin_cos(), dec.to_radians().sin_cos());
    [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec]
}

/// The angle between two directions in radians, exact at every angle.
pub fn angle(a: Direction, b: Direction) -> f64 {
    2.0 * norm(sum(a, scaled(b, -1.0))).atan2(norm(sum(a, b)))
}

/// How far `place` is to the left of the great circle from `a` to `b`: the sine of the angle.
pub fn left_of(a: Direction, b: Direction, place: Direction) -> f64 {
    // Twice the vector product of both, exact even when they nearly coincide.
    let normal = cross(sum(a, scaled(b, -1.0)), sum(a, b));
    dot(normal, place) / norm(normal)
}

/// The position in degrees that is `distance` from another, in the direction `bearing`, from north to east.
pub fn destination([ra, dec]: [f64; 2], distance: f64, bearing: f64) -> [f64; 2] {
    let ((sin_ra, cos_ra), (sin_dec, cos_dec)) = (ra.to_radians().sin_cos(), dec.to_radians().sin_cos());
    let (north, east) = ([-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec], [-sin_ra, cos_ra, 0.0]);
    let ((sin_d, cos_d), (sin_b, cos_b)) = (distance.to_radians().sin_cos(), bearing.to_radians().sin_cos());
    let aside = sum(scaled(north, cos_b), scaled(east, sin_b));
    let [x, y, z] = sum(scaled(direction([ra, dec]), cos_d), scaled(aside, sin_d));
    let ra = y.atan2(x).to_degrees().rem_euclid(360.0);
    [if ra == 360.0 { 0.0 } else { ra }, z.atan2(x.hypot(y)).to_degrees()]
}

fn sum(a: Direction, b: Direction) -> Direction {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn scaled(a: Direction, by: f64) -> Direction {
    a.map(|number| number * by)
}

fn dot(a: Direction, b: Direction) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Direction, b: Direction) -> Direction {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn norm(a: Direction) -> f64 {
    dot(a, a).sqrt()
}
