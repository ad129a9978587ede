//! The nearest rows to a place, against the same question asked so that every row is sorted.

use crate::sky::{ask, count, integers};

/// `distance_deg` with something added to its arguments cannot be recognised.
fn both(select: &str, ra: f64, dec: f64, rest: &str) -> (String, String) {
    let sql = |column: &str| {
        format!(
            "SELECT source_id FROM gaia_source {select} ORDER BY distance_deg({column}, dec, {ra}, {dec}), source_id {rest}"
        )
    };
    (sql("ra"), sql("ra + 0 * random_index"))
}

#[tokio::test]
async fn the_nearest_rows_are_those_of_the_whole_sky() {
    for (ra, dec) in [(56.75, 24.12), (0.0, 0.0), (359.999, -30.0), (12.0, 90.0), (200.0, -89.5)] {
        for (select, rest) in [
            ("", "LIMIT 1"),
            ("", "LIMIT 10"),
            ("", "LIMIT 7 OFFSET 300"),
            ("WHERE parallax > 10", "LIMIT 5"),
            ("WHERE cone(ra, dec, 56.75, 24.12, 1)", "LIMIT 5"),
            ("WHERE random_index = 77", "LIMIT 5"),
            ("WHERE parallax > 1e9", "LIMIT 5"),
        ] {
            let (fast, slow) = both(select, ra, dec, rest);
            assert_eq!(integers(&fast).await, integers(&slow).await, "{fast}");
        }
    }
}

#[tokio::test]
async fn a_named_distance_and_its_mirror_are_recognised() {
    let plans = [
        "SELECT source_id, distance_deg(ra, dec, 10, 20) AS d FROM gaia_source ORDER BY d LIMIT 3",
        "SELECT source_id FROM gaia_source WHERE parallax > 0 ORDER BY distance_deg(10.0, 20.0, ra, dec) LIMIT 3",
    ];
    for sql in plans {
        assert!(
            plan(sql).await.contains("Rings: table=gaiadr3.gaia_source, centre=(10, 20), rows=3"),
            "{sql}"
        );
    }
    let nearest = count(&format!("SELECT count(*) FROM ({}) WHERE d < 180", plans[0])).await;
    assert_eq!(nearest, 3);
}

#[tokio::test]
async fn other_orders_are_left_alone() {
    for order in [
        "distance_deg(ra, dec, 10, 20) DESC LIMIT 3",
        "distance_deg(ra, dec, 10, 20) NULLS FIRST LIMIT 3",
        "distance_deg(dec, ra, 10, 20) LIMIT 3",
        "distance_deg(ra, dec, ra, 20) LIMIT 3",
        "distance_deg(ra, dec, 10, 95) LIMIT 3",
        "distance_deg(ra, dec, 10, 20)",
    ] {
        let sql = format!("SELECT source_id FROM gaia_source ORDER BY {order}");
        assert!(!plan(&sql).await.contains("Rings"), "{sql}");
    }
}

async fn plan(sql: &str) -> String {
    use arrow::array::AsArray;
    let answer = ask(&format!("EXPLAIN {sql}")).await.expect("a good query");
    answer.column(1).as_string::<i32>().value(1).to_owned()
}
