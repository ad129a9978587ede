//! Joins on a distance give what they would give pair by pair, and do not work pair by pair.

use arrow::array::AsArray;
use arrow::util::pretty::pretty_format_batches;

use super::points::two;
use crate::sky::ask;

/// The answer as text, so that nulls and numbers are compared alike.
pub async fn text(sql: &str) -> String {
    let answer =
        ask(sql).await.unwrap_or_else(|error| panic!("{error}: {}", &sql[sql.len().saturating_sub(300)..]));
    pretty_format_batches(&[answer]).expect("a table").to_string()
}

/// Whether the query is planned as a crossmatch.
pub async fn is_crossmatch(sql: &str) -> bool {
    plan(sql).await.contains("Crossmatch:")
}

/// How the query is planned.
pub async fn plan(sql: &str) -> String {
    let plan = ask(&format!("EXPLAIN {sql}")).await.expect("a good query");
    plan.column(1).as_string::<i32>().iter().flatten().collect::<Vec<_>>().join("\n")
}

/// A condition that mixes both sides in one position cannot be recognised, so every pair is tested.
const SLOW: &str = "distance_deg(a.ra + 0 * b.ra, a.dec, b.ra, b.dec)";
const FAST: &str = "distance_deg(a.ra, a.dec, b.ra, b.dec)";

#[tokio::test]
async fn pairs_are_those_of_brute_force_everywhere_on_the_sphere() {
    for (count, spread, radius) in
        [(400, 3.0, 0.2), (400, 0.01, 0.002), (300, 1e-3, 1.0 / 3600.0), (150, 8.0, 9.5), (200, 360.0, 5.0)]
    {
        let points = two(count, spread);
        for join in ["JOIN", "LEFT JOIN", "RIGHT JOIN"] {
            let query = |distance: &str| {
                format!(
                    "{points} SELECT a.n, b.n, distance_deg(a.ra, a.dec, b.ra, b.dec) FROM a {join} b \
                     ON {distance} < {radius} ORDER BY 1, 2"
                )
            };
            let (fast, slow) = (query(FAST), query(SLOW));
            assert!(is_crossmatch(&fast).await, "{join} {radius}: {}", plan(&fast).await);
            assert!(!is_crossmatch(&slow).await, "{join} {radius}: {}", plan(&slow).await);
            let expected = text(&slow).await;
            assert!(expected.lines().count() > 20, "{join} {radius}");
            assert_eq!(text(&fast).await, expected, "{join} {radius}");
        }
    }
}

#[tokio::test]
async fn rows_with_and_without_a_partner_are_those_of_brute_force() {
    let points = two(400, 0.05);
    for not in ["", "NOT"] {
        let query = |distance: &str| {
            format!(
                "{points} SELECT a.n FROM a WHERE {not} EXISTS (SELECT 1 FROM b WHERE {distance} < 0.003) ORDER BY 1"
            )
        };
        assert!(is_crossmatch(&query(FAST)).await, "{not}");
        assert_eq!(text(&query(FAST)).await, text(&query(SLOW)).await, "{not}");
    }
}

#[tokio::test]
async fn every_way_to_say_it_is_understood() {
    let points = two(300, 0.01);
    let slow = format!("{points} SELECT a.n, b.n FROM a JOIN b ON {SLOW} <= 7.2 / 3600 ORDER BY 1, 2");
    let expected = text(&slow).await;
    for on in [
        "distance_deg(a.ra, a.dec, b.ra, b.dec) <= 7.2 / 3600",
        "distance_deg(b.ra, b.dec, a.ra, a.dec) <= 7.2 / 3600",
        "7.2 / 3600.0 >= distance_deg(a.ra, a.dec, b.ra, b.dec)",
        "distance_deg(a.ra, a.dec, b.ra, b.dec) * 3600 <= 7.2",
        "cone(a.ra, a.dec, b.ra, b.dec, 7.2 / 3600)",
        "cone(b.ra, b.dec, a.ra, a.dec, 0.002)",
        "1 = CONTAINS(POINT('ICRS', a.ra, a.dec), CIRCLE('ICRS', b.ra, b.dec, 0.002))",
        "CONTAINS(POINT(b.ra, b.dec), CIRCLE(a.ra, a.dec, 7.2 / 3600.0)) = 1",
        "DISTANCE(POINT(a.ra, a.dec), POINT(b.ra, b.dec)) <= 0.002",
        "a.n >= 0 AND distance_deg(a.ra, a.dec, b.ra, b.dec) <= 0.002 AND a.n + b.n >= 0",
    ] {
        let joined = format!("{points} SELECT a.n, b.n FROM a JOIN b ON {on} ORDER BY 1, 2");
        let filtered = format!("{points} SELECT a.n, b.n FROM a, b WHERE {on} ORDER BY 1, 2");
        for sql in [joined, filtered] {
            assert!(is_crossmatch(&sql).await, "{on}");
            assert_eq!(text(&sql).await, expected, "{on}");
        }
    }
}

#[tokio::test]
async fn other_conditions_hold_too() {
    let points = two(400, 0.01);
    for others in ["a.n <> b.n", "a.n % 7 = b.n % 7", "a.n < b.n AND a.dec > b.dec"] {
        for join in ["JOIN", "LEFT JOIN"] {
            let query = |distance: &str| {
                format!(
                    "{points} SELECT a.n, b.n FROM a {join} b ON {distance} < 0.003 AND {others} ORDER BY 1, 2"
                )
            };
            assert!(is_crossmatch(&query(FAST)).await, "{join} {others}: {}", plan(&query(FAST)).await);
            assert_eq!(text(&query(FAST)).await, text(&query(SLOW)).await, "{join} {others}");
        }
    }
}

#[tokio::test]
async fn a_separation_of_exactly_the_radius_counts_with_equality_only() {
    let points = "WITH a(ra, dec) AS (VALUES (10.0, 20.0), (0.0, 0.0)), b(ra, dec) AS (VALUES (10.0, 20.5), (359.5, 0.0)) ";
    let exact = format!(
        "{points} SELECT distance_deg(a.ra, a.dec, b.ra, b.dec) FROM a, b WHERE a.ra = 0 AND b.ra > 300"
    );
    let answer = ask(&exact).await.expect("a good query");
    let radius = answer.column(0).as_primitive::<arrow::datatypes::Float64Type>().value(0);
    for (sign, expected) in [("<", 0), ("<=", 1)] {
        let sql = format!(
            "{points} SELECT count(*) FROM a JOIN b ON distance_deg(a.ra, a.dec, b.ra, b.dec) {sign} {radius:?} WHERE a.ra = 0"
        );
        assert_eq!(crate::sky::count(&sql).await, expected, "{sign} {radius}");
    }
}

#[tokio::test]
async fn what_has_no_position_matches_nothing_and_stays_in_left_joins() {
    let points = "WITH a(n, ra, dec) AS (VALUES (1, 10.0, 20.0), (2, NULL, 20.0), (3, 10.0, NULL), (4, 'NaN'::double, 20.0), (5, 10.0, 'NaN'::double)) ";
    let on = "distance_deg(a.ra, a.dec, b.ra, b.dec) < 1";
    let inner = format!("{points} SELECT a.n, b.n FROM a JOIN a AS b ON {on}");
    assert_eq!(ask(&inner).await.expect("a good query").num_rows(), 1);
    let left = format!("{points} SELECT a.n FROM a LEFT JOIN a AS b ON {on} WHERE b.n IS NULL ORDER BY 1");
    assert_eq!(crate::sky::integers(&left).await, [2, 3, 4, 5]);
}
