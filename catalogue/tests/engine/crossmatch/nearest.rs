//! `crossmatch(...)` in FROM: the nearest row of each, or all, with the separation.

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;

use super::joins::text;
use super::points::two;
use crate::sky::{ask, count, integers};

/// What `crossmatch` finds, said with what every database has.
fn brute(points: &str, radius_arcsec: f64) -> String {
    format!(
        "{points} SELECT n, m FROM (SELECT a.n AS n, b.source_id AS m, row_number() OVER (PARTITION BY a.n \
         ORDER BY distance_deg(a.ra, a.dec, b.ra, b.dec), b.source_id) AS place FROM a, b \
         WHERE distance_deg(a.ra + 0 * b.ra, a.dec, b.ra, b.dec) <= {radius_arcsec:?} / 3600.0) WHERE place = 1 ORDER BY 1"
    )
}

#[tokio::test]
async fn the_nearest_is_that_of_brute_force_also_among_equals() {
    let points = two(400, 0.02).replace("b(n, ra, dec)", "b(source_id, ra, dec)");
    for radius in [5.0, 100.0, 4_000.0] {
        let fast = format!(
            "{points} SELECT n, source_id AS m FROM crossmatch(a, b, radius_arcsec => {radius}) ORDER BY 1"
        );
        let expected = text(&brute(&points, radius)).await;
        assert!(expected.lines().count() > 10, "{radius}");
        assert_eq!(text(&fast).await, expected, "{radius}");
    }
}

#[tokio::test]
async fn tables_names_and_subqueries_are_inputs_alike() {
    let mut answers = Vec::new();
    for (with, first) in [
        ("", "(SELECT source_id AS n, ra, dec FROM gaia_source WHERE random_index < 500)"),
        ("WITH mine AS (SELECT source_id AS n, ra, dec FROM gaia_source WHERE random_index < 500)", "mine"),
        ("WITH mine AS (SELECT source_id AS n, ra, dec FROM gaia_source WHERE random_index < 500)", "'mine'"),
    ] {
        for second in ["gaiadr3.gaia_source", "gaia_source", "'gaiadr3.gaia_source'"] {
            let sql = format!(
                "{with} SELECT n, source_id, separation_arcsec FROM crossmatch({first}, {second}, radius_arcsec => 2) ORDER BY 1"
            );
            answers.push(ask(&sql).await.unwrap_or_else(|error| panic!("{error}: {sql}")));
        }
    }
    assert_eq!(answers[0].num_rows(), 500);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let separations = answers[0].column(2).as_primitive::<Float64Type>();
    assert!(separations.values().iter().all(|separation| *separation == 0.0));
}

#[tokio::test]
async fn all_matches_are_those_of_a_join() {
    let stars =
        "WITH stars AS (SELECT source_id AS n, ra, dec FROM gaia_source WHERE random_index % 100 = 1) ";
    let called = format!(
        "{stars} SELECT n, source_id FROM crossmatch(stars, gaia_source, radius_arcsec => 600, mode => 'all') ORDER BY 1, 2"
    );
    let joined = format!(
        "{stars} SELECT n, source_id FROM stars a JOIN gaia_source b \
         ON distance_deg(a.ra, a.dec, b.ra, b.dec) <= 600.0 / 3600 ORDER BY 1, 2"
    );
    let expected = text(&joined).await;
    assert!(expected.lines().count() > 700);
    assert_eq!(text(&called).await, expected);
}

#[tokio::test]
async fn columns_of_both_sides_have_names_of_their_own() {
    let sql = "SELECT * FROM crossmatch((SELECT ra, dec, 7 AS flag FROM gaia_source WHERE random_index < 3), \
               (SELECT ra, dec, source_id FROM gaia_source), radius_arcsec => 1) AS m";
    let answer = ask(sql).await.expect("a good query");
    let names: Vec<&str> = answer.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["ra", "dec", "flag", "ra_2", "dec_2", "source_id", "separation_arcsec"]);
    assert_eq!(answer.num_rows(), 3);
    assert_eq!(answer.schema_ref().field(6).metadata().get("unit").map(String::as_str), Some("arcsec"));
}

#[tokio::test]
async fn a_condition_on_the_answer_does_not_choose_another_neighbour() {
    let sql = |filter: &str| {
        format!(
            "SELECT source_id FROM crossmatch((SELECT source_id AS n, ra, dec FROM gaia_source WHERE random_index < 300), \
             (SELECT source_id, ra, dec, phot_g_mean_mag FROM gaia_source), radius_arcsec => 3600) {filter} ORDER BY 1"
        )
    };
    let all = integers(&sql("")).await;
    assert_eq!(all.len(), 300);
    let bright = integers(&sql("WHERE phot_g_mean_mag < 17")).await;
    assert!(!bright.is_empty() && bright.len() < 300);
    assert!(bright.iter().all(|id| all.contains(id)));
}

#[tokio::test]
async fn a_left_crossmatch_keeps_what_has_no_neighbour() {
    let sql = "WITH mine(n, ra, dec) AS (VALUES (1, 56.75, 24.12), (2, 0.0, 1e-7), (3, NULL, 3.0)) \
               SELECT count(*) FROM crossmatch(mine, (SELECT * FROM mine WHERE n = 1), radius_arcsec => 1, join => 'left') \
               WHERE n_2 IS NULL AND separation_arcsec IS NULL";
    assert_eq!(count(sql).await, 2);
}
