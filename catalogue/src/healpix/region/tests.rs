//! Regions against brute force: other formulas, and covers against random positions inside.

use proptest::prelude::*;

use super::*;
use crate::healpix::{hash29, separation_deg};

/// A position spread evenly over the sphere, with the poles and RA 0 more often than by chance.
fn place() -> impl Strategy<Value = [f64; 2]> {
    let anywhere = (0.0..360.0f64, -1.0..=1.0f64).prop_map(|(ra, z)| [ra, z.asin().to_degrees()]);
    let special = prop_oneof![
        (0.0..360.0f64, 89.9..=90.0f64).prop_map(|(ra, dec)| [ra, dec]),
        (0.0..360.0f64, -90.0..=-89.9f64).prop_map(|(ra, dec)| [ra, dec]),
        (-0.1..0.1f64, -90.0..=90.0f64).prop_map(|(ra, dec)| [ra, dec]),
        Just([0.0, 90.0]),
        Just([0.0, 0.0]),
    ];
    prop_oneof![2 => anywhere, 1 => special]
}

/// The position at a distance and a bearing from another, in degrees.
fn destination([ra, dec]: [f64; 2], distance: f64, bearing: f64) -> [f64; 2] {
    let (east, north) = Vector::east_and_north(ra, dec);
    let (sin_b, cos_b) = bearing.to_radians().sin_cos();
    let (sin_d, cos_d) = distance.to_radians().sin_cos();
    let there = Vector::of_degrees(ra, dec) * cos_d + (north * cos_b + east * sin_b) * sin_d;
    let (ra, dec) = there.to_degrees();
    [ra, dec]
}

/// A star-shaped outline around a place: any number of corners at rising bearings, convex or not.
fn star(centre: [f64; 2], size: f64, radii: &[f64], start: f64) -> Vec<[f64; 2]> {
    let step = 360.0 / radii.len() as f64;
    let corner = |(i, radius): (usize, &f64)| destination(centre, size * radius, start + step * i as f64);
    radii.iter().enumerate().map(corner).collect()
}

fn covers(ranges: &[RangeInclusive<i64>], [ra, dec]: [f64; 2]) -> bool {
    ranges.iter().any(|range| range.contains(&hash29(ra, dec)))
}

fn radii() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.2..1.0f64, 3..12)
}

/// Degrees from a nanodegree to `most`, evenly in the logarithm.
fn size(most: f64) -> impl Strategy<Value = f64> {
    (-9.0..most.log10()).prop_map(|log| 10f64.powf(log))
}

/// Whether a place is in a star, by its bearing and distance from the star's centre: planar geometry of one triangle.
fn in_star(corners: &[[f64; 2]], centre: [f64; 2], place: [f64; 2]) -> bool {
    let vector = |[ra, dec]: [f64; 2]| Vector::of_degrees(ra, dec);
    let (c, p) = (vector(centre), vector(place));
    (0..corners.len()).any(|i| {
        let (a, b) = (vector(corners[i]), vector(corners[(i + 1) % corners.len()]));
        let sides = [arc::turn(c, a, p), arc::turn(a, b, p), arc::turn(b, c, p)];
        sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_polygon_is_its_triangles_and_its_cover_holds_them(
        centre in place(), size in size(60.0), radii in radii(), start in 0.0..360.0f64, turned in any::<bool>(),
        max_ranges in 1usize..300, tries in prop::collection::vec((0.0..1.2f64, 0.0..360.0f64), 20),
    ) {
        prop_assume!(radii.len() > 3 || size < 30.0);
        let mut corners = star(centre, size, &radii, start);
        if turned { corners.reverse(); }
        let polygon = Region::Polygon(Polygon::new(&corners).expect("a star is simple"));
        let cover = polygon.cover(max_ranges);
        prop_assert!((1..=max_ranges).contains(&cover.len()));
        prop_assert!(cover.windows(2).all(|pair| pair[0].end() < pair[1].start()));
        for (part, bearing) in tries {
            let place = destination(centre, size * part, bearing);
            let inside = polygon.contains(place[0], place[1]);
            // Within rounding of an edge, both answers are right.
            let Region::Polygon(shape) = &polygon else { unreachable!() };
            if shape.clearance_rad(Vector::of_degrees(place[0], place[1])).abs() > 1e-14 {
                prop_assert_eq!(inside, in_star(&corners, centre, place), "{:?} in {:?}", place, corners);
            }
            prop_assert!(!inside || covers(&cover, place), "{place:?} in {corners:?}");
        }
        prop_assert!(polygon.contains(centre[0], centre[1]));
    }

    #[test]
    fn a_box_is_four_half_spheres_and_its_cover_holds_it(
        centre in place(), width in size(170.0), height in size(170.0),
        tries in prop::collection::vec((-1.0..1.0f64, -1.0..1.0f64), 20), anywhere in place(),
    ) {
        let polygon = Region::Polygon(Polygon::rectangle(centre, width, height).expect("a box"));
        let cover = polygon.cover(64);
        let (east, north) = Vector::east_and_north(centre[0], centre[1]);
        let outwards = Vector::of_degrees(centre[0], centre[1]);
        let (across, up) = ((width / 2.0).to_radians().tan(), (height / 2.0).to_radians().tan());
        for (x, y) in tries {
            let inside = outwards + east * (across * x * 0.999_999) + north * (up * y * 0.999_999);
            let (ra, dec) = inside.to_degrees();
            prop_assert!(polygon.contains(ra, dec), "{ra} {dec}");
            prop_assert!(covers(&cover, [ra, dec]), "{ra} {dec}");
        }
        let p = Vector::of_degrees(anywhere[0], anywhere[1]);
        let depth = p.dot(outwards);
        let inside = depth > 0.0 && p.dot(east).abs() <= across * depth && p.dot(north).abs() <= up * depth;
        prop_assert_eq!(polygon.contains(anywhere[0], anywhere[1]), inside);
    }

    #[test]
    fn an_ellipse_lies_between_two_circles_and_its_cover_holds_it(
        centre in place(), major in size(80.0), part in 0.01..=1.0f64, angle in 0.0..360.0f64,
        tries in prop::collection::vec((0.0..1.1f64, 0.0..360.0f64), 20),
    ) {
        let minor = major * part;
        let ellipse = Region::Ellipse(Ellipse::new(centre, major, minor, angle).expect("an ellipse"));
        let cover = ellipse.cover(64);
        // A position in degrees is only good to about 1e-12, which is much of the smallest ellipses.
        let rounding = 1e-12 / minor;
        for (part, bearing) in tries {
            let distance = major * part;
            let place = destination(centre, distance, bearing);
            let inside = ellipse.contains(place[0], place[1]);
            prop_assert!(inside || distance > minor * (1.0 - 1e-6 - rounding), "{place:?}");
            prop_assert!(!inside || distance < major * (1.0 + 1e-6 + rounding), "{place:?}");
            // The conic: (x / tan a)^2 + (y / tan b)^2 = 1 in the plane that touches the centre.
            let (sin, cos) = (bearing - angle).to_radians().sin_cos();
            let tan = |deg: f64| deg.to_radians().tan();
            let conic = (tan(distance) * cos / tan(major)).powi(2) + (tan(distance) * sin / tan(minor)).powi(2);
            prop_assert!((conic - 1.0).abs() < 1e-5 + 10.0 * rounding || inside == (conic < 1.0), "{conic}");
            prop_assert!(!inside || covers(&cover, place), "{place:?}");
        }
    }

    #[test]
    fn a_moc_holds_the_positions_of_its_cells(order in 0u8..=29, at in place(), other in place()) {
        let cell = super::super::tile_of(order, hash29(at[0], at[1]));
        let moc = Region::Moc(Moc::parse(&format!("{order}/{cell}")).expect("a MOC"));
        prop_assert!(moc.contains(at[0], at[1]));
        let same = cell == super::super::tile_of(order, hash29(other[0], other[1]));
        prop_assert_eq!(moc.contains(other[0], other[1]), same);
        prop_assert!(covers(&moc.cover(1), at));
    }

    #[test]
    fn circles_and_polygons_meet_where_a_position_is_in_both(
        a in place(), b in place(), near in 0.0..3.0f64, bearing in 0.0..360.0f64,
        radii in radii(), size in 0.1..5.0f64, radius in 0.01..5.0f64, close in any::<bool>(),
    ) {
        let b = if close { destination(a, near * size, bearing) } else { b };
        let star = Region::Polygon(Polygon::new(&star(a, size, &radii, 0.0)).expect("a star"));
        let circle = Region::Circle(Circle::new(b[0], b[1], radius).expect("a circle"));
        let shared = (0..400).any(|i| {
            let (part, turn) = (f64::from(i / 20) / 19.0, f64::from(i % 20) * 18.0);
            let [ra, dec] = destination(b, radius * part * 0.999_999, turn);
            star.contains(ra, dec)
        });
        prop_assert!(!shared || circle.intersects(&star) == Some(true));
        prop_assert_eq!(circle.intersects(&star), star.intersects(&circle));
        if star.encloses(&circle) == Some(true) { prop_assert!(star.contains(b[0], b[1])); }
        if circle.encloses(&star) == Some(true) { prop_assert!(separation_deg(a[0], a[1], b[0], b[1]) <= radius); }
    }
}

#[test]
fn known_areas_and_centres_come_out() {
    let octant = Region::Polygon(Polygon::new(&[[0.0, 0.0], [90.0, 0.0], [0.0, 90.0]]).expect("a polygon"));
    let sphere = 4.0 * std::f64::consts::PI * 1f64.to_degrees().powi(2);
    assert!((octant.area_deg2().expect("an area") / sphere - 0.125).abs() < 1e-15);
    let (ra, dec) = octant.centroid_deg().expect("a centre");
    assert!((ra - 45.0).abs() < 1e-12 && (dec - (1.0 / 2f64.sqrt()).atan().to_degrees()).abs() < 1e-12);
    let all = Region::Circle(Circle::new(1.0, 2.0, 180.0).expect("a circle"));
    assert!((all.area_deg2().expect("an area") / sphere - 1.0).abs() < 1e-15);
    let arcsec =
        Region::Polygon(Polygon::rectangle([10.0, 60.0], 1.0 / 3600.0, 1.0 / 3600.0).expect("a box"));
    assert!((arcsec.area_deg2().expect("an area") * 3600.0 * 3600.0 - 1.0).abs() < 1e-9);
}

#[test]
fn more_than_half_of_the_sky_is_the_side_that_is_not_meant() {
    // A ring around the pole at declination 10, in both directions, and one south of the equator.
    let ring =
        |dec: f64, step: f64| -> Vec<[f64; 2]> { (0..8).map(|i| [f64::from(i) * step, dec]).collect() };
    for (corners, inside) in [(ring(10.0, 45.0), 90.0), (ring(10.0, -45.0), 90.0), (ring(-10.0, 45.0), -90.0)]
    {
        let polygon = Region::Polygon(Polygon::new(&corners).expect("a ring"));
        assert!(polygon.contains(12.0, inside) && !polygon.contains(12.0, -inside), "{corners:?}");
    }
}

#[test]
fn what_is_no_region_is_refused_by_its_argument() {
    let told = |corners: &[[f64; 2]]| Polygon::new(corners).expect_err("no polygon").to_string();
    assert_eq!(
        told(&[[0.0, 0.0], [1.0, 0.0]]),
        "it has 2 corners: it must have 3 to 1000; describe larger outlines as a MOC"
    );
    assert_eq!(
        told(&[[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]),
        "corners 1 and 2 are the same: no one great circle joins them; move one, or put a corner between"
    );
    assert_eq!(
        told(&[[0.0, 0.0], [180.0, 0.0], [90.0, 45.0]]),
        "corners 1 and 2 are opposite to each other: no one great circle joins them; move one, or put a corner between"
    );
    assert_eq!(
        told(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]]),
        "the edges after corners 1 and 3 cross: list the corners in order along the outline"
    );
    for flat in [[[0.0, 0.0], [120.0, 0.0], [240.0, 0.0]], [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]] {
        assert_eq!(
            told(&flat),
            "all corners lie on one great circle: it has no inside; move a corner off it"
        );
    }
    assert_eq!(
        told(&[[0.0, 0.0], [1.0, 91.0], [2.0, 0.0]]),
        "the declination is 91: it must be -90 to 90 degrees"
    );
    for radius in [-1.0, 180.5, f64::NAN] {
        let told = Circle::new(0.0, 0.0, radius).expect_err("no circle").to_string();
        assert_eq!(told, format!("the radius is {radius}: it must be 0 to 180 degrees"));
    }
    let told = Ellipse::new([0.0, 0.0], 1.0, 2.0, 0.0).expect_err("no ellipse").to_string();
    assert_eq!(
        told,
        "the semi-minor axis is 2: it must be more than 0 and at most the semi-major axis, in degrees"
    );
}

#[test]
fn a_circle_of_radius_zero_is_a_position() {
    let point = Region::Circle(Circle::new(10.0, 20.0, 0.0).expect("a circle"));
    assert!(point.contains(10.0, 20.0) && !point.contains(10.0, 20.000_000_1));
    assert!(covers(&point.cover(4), [10.0, 20.0]));
}

#[test]
fn what_is_no_position_is_nowhere() {
    let all = Region::Circle(Circle::new(0.0, 0.0, 180.0).expect("a circle"));
    for (ra, dec) in [(f64::NAN, 0.0), (0.0, f64::NAN), (0.0, 90.1), (f64::INFINITY, 0.0)] {
        assert!(!all.contains(ra, dec), "({ra}, {dec})");
    }
}
