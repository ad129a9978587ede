//! Random regions and sets of identifiers, asked of the engine and of every row in turn.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use catalogue::healpix::{Circle, Ellipse, Polygon, Region, Vector};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::sky::{ask, integers};

const REGIONS: usize = 120;
const SETS: usize = 40;

struct Source {
    id: i64,
    ra: f64,
    dec: f64,
}

async fn every_source() -> Vec<Source> {
    let rows = ask("SELECT source_id, ra, dec FROM gaiadr3.gaia_source ORDER BY source_id").await;
    let rows = rows.expect("a good query");
    let ids = rows.column(0).as_primitive::<Int64Type>().values().iter();
    let [ra, dec] = [1, 2].map(|i| rows.column(i).as_primitive::<Float64Type>().values());
    ids.zip(ra).zip(dec).map(|((id, ra), dec)| Source { id: *id, ra: *ra, dec: *dec }).collect()
}

/// A region, and how SQL says that a position is inside.
fn region() -> impl Strategy<Value = (Region, String)> {
    let place = (0.0..360.0f64, -1.0..=1.0f64).prop_map(|(ra, z)| [ra, z.asin().to_degrees()]);
    let special =
        prop_oneof![Just([0.0, 90.0]), Just([0.0, -90.0]), Just([0.0, 10.0]), Just([359.99, -40.0])];
    let place = prop_oneof![3 => place, 1 => special];
    let sizes = (-1.5..1.5f64).prop_map(|log| 10f64.powf(log));
    (place, sizes, 0.1..1.0f64, 0.0..360.0f64, 0usize..5).prop_map(|(at, size, part, angle, kind)| {
        let [ra, dec] = at;
        match kind {
            0 => (
                Region::Circle(Circle::new(ra, dec, size).expect("a circle")),
                format!("contains(point(ra, dec), circle({ra:?}, {dec:?}, {size:?})) = 1"),
            ),
            1 => (
                Region::Circle(Circle::new(ra, dec, size).expect("a circle")),
                format!("distance(point({ra:?}, {dec:?}), point(ra, dec)) <= {size:?}"),
            ),
            2 => (
                Region::Ellipse(Ellipse::new(at, size, size * part, angle).expect("an ellipse")),
                format!("1 = contains(point('ICRS', ra, dec), ellipse({ra:?}, {dec:?}, {size:?}, {:?}, {angle:?}))", size * part),
            ),
            3 => (
                Region::Polygon(Polygon::rectangle(at, size, size * part).expect("a box")),
                format!("intersects(box({ra:?}, {dec:?}, {size:?}, {:?}), point(ra, dec)) = 1", size * part),
            ),
            _ => {
                let corners = arrow_head(at, size, part, angle);
                let numbers: Vec<String> = corners.iter().flatten().map(|number| format!("{number:?}")).collect();
                (
                    Region::Polygon(Polygon::new(&corners).expect("a polygon")),
                    format!("contains(point(ra, dec), polygon({})) = 1", numbers.join(", ")),
                )
            }
        }
    })
}

/// Four corners, of which one turns inwards.
fn arrow_head([ra, dec]: [f64; 2], size: f64, part: f64, angle: f64) -> Vec<[f64; 2]> {
    let (east, north) = Vector::east_and_north(ra, dec);
    let corner = |(turn, length): (f64, f64)| {
        let (sin, cos) = (angle + turn).to_radians().sin_cos();
        let offset = (north * cos + east * sin) * (size * length).to_radians().tan();
        let (ra, dec) = (Vector::of_degrees(ra, dec) + offset).to_degrees();
        [ra, dec]
    };
    [(0.0, 1.0), (140.0, 1.0), (180.0, 0.3 * part), (220.0, 1.0)].map(corner).into()
}

#[tokio::test]
async fn random_regions_find_what_a_test_of_every_row_finds() {
    let sources = every_source().await;
    let mut runner = TestRunner::deterministic();
    let mut found_any = 0;
    for _ in 0..REGIONS {
        let (region, sql) = region().new_tree(&mut runner).expect("a region").current();
        let inside = sources.iter().filter(|source| region.contains(source.ra, source.dec));
        let expected: Vec<i64> = inside.map(|source| source.id).collect();
        let asked = format!("SELECT source_id FROM gaiadr3.gaia_source WHERE {sql} ORDER BY source_id");
        assert_eq!(integers(&asked).await, expected, "{sql}");
        found_any += usize::from(!expected.is_empty());
    }
    assert!(found_any > REGIONS / 3, "most regions must have sources, or they compare nothing: {found_any}");
}

#[tokio::test]
async fn random_sets_of_identifiers_find_their_sources_and_no_others() {
    let ids: Vec<i64> = every_source().await.iter().map(|source| source.id).collect();
    let mut runner = TestRunner::deterministic();
    let sets = prop::collection::vec((any::<prop::sample::Index>(), 0i64..3), 1..400);
    for _ in 0..SETS {
        let set: Vec<i64> = sets
            .new_tree(&mut runner)
            .expect("a set")
            .current()
            .into_iter()
            .map(|(index, beside)| index.get(&ids) + beside)
            .collect();
        let mut expected: Vec<i64> = set.iter().copied().filter(|id| ids.binary_search(id).is_ok()).collect();
        expected.sort_unstable();
        expected.dedup();
        let list: Vec<String> = set.iter().map(i64::to_string).collect();
        let asked = format!(
            "SELECT source_id FROM gaiadr3.gaia_source WHERE source_id IN ({}) ORDER BY source_id",
            list.join(", ")
        );
        assert_eq!(integers(&asked).await, expected);
    }
}
