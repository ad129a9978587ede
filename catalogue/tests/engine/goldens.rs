//! The engine beside the generator, which knows the sky without any engine.

use std::sync::OnceLock;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use catalogue::sky::{Class, Golden, UserPosition};

use crate::sky::{OPTIONS, ask, count};

fn golden() -> &'static Golden {
    static GOLDEN: OnceLock<Golden> = OnceLock::new();
    GOLDEN.get_or_init(|| Golden::new(&OPTIONS).expect("the options of the sample sky"))
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().expect("a number")
}

#[tokio::test]
async fn a_hundred_cones_and_the_awkward_ones_hold_what_the_generator_says() {
    let known = golden().to_json();
    let cones = known["cones"].as_array().expect("a list");
    assert!(cones.len() > 100);
    let mut sources = 0;
    for cone in cones {
        let [ra, dec, radius] = ["ra", "dec", "radius_deg"].map(|name| number(&cone[name]));
        let sql =
            format!("SELECT count(*) FROM gaiadr3.gaia_source WHERE cone(ra, dec, {ra}, {dec}, {radius})");
        let counted = count(&sql).await;
        assert_eq!(Some(counted), cone["sources"].as_i64(), "{cone}");
        sources += counted;
    }
    assert!(sources > 100, "cones of nothing prove nothing: {sources}");
}

fn row(user: &UserPosition) -> String {
    format!("({}, {:?}, {:?})", user.user_id, user.ra_deg, user.dec_deg)
}

#[tokio::test]
async fn a_users_table_matches_the_pairs_that_the_generator_knows() {
    let users = golden().users(200);
    let rows: Vec<String> = users.iter().map(row).collect();
    let answer = ask(&format!(
        "WITH users (user_id, ra, dec) AS (VALUES {})
         SELECT u.user_id, g.source_id, distance_deg(u.ra, u.dec, g.ra, g.dec) * 3600 AS arcsec
         FROM users AS u JOIN gaiadr3.gaia_source AS g
         ON distance_deg(u.ra, u.dec, g.ra, g.dec) <= 1.0 / 3600.0
         ORDER BY u.user_id, arcsec",
        rows.join(", ")
    ))
    .await
    .expect("a good query");
    let known = golden().matches(&users, 1.0);
    assert!((140..=180).contains(&known.len()), "{}", known.len());
    let ids = |column: usize| answer.column(column).as_primitive::<Int64Type>().values().to_vec();
    assert_eq!(ids(0), known.iter().map(|pair| pair.user_id).collect::<Vec<_>>());
    assert_eq!(ids(1), known.iter().map(|pair| pair.source_id).collect::<Vec<_>>());
    let apart = answer.column(2).as_primitive::<Float64Type>().values();
    assert!(apart.iter().zip(&known).all(|(found, pair)| (found - pair.separation_arcsec).abs() < 1e-6));
}

#[tokio::test]
async fn the_published_periods_are_the_true_ones() {
    let mut known: Vec<(i64, f64)> = golden()
        .periods(OPTIONS.variables)
        .iter()
        .filter(|known| matches!(known.class, Class::RrAb | Class::RrC))
        .map(|known| (known.source_id, known.period_d))
        .collect();
    known.sort_by_key(|(source_id, _)| *source_id);
    let sql = "SELECT source_id, coalesce(pf, p1_o) FROM gaiadr3.vari_rrlyrae ORDER BY source_id";
    let answer = ask(sql).await.expect("a good query");
    let found = answer.column(0).as_primitive::<Int64Type>().values().iter().copied();
    let periods = answer.column(1).as_primitive::<Float64Type>().values().iter().copied();
    assert!(known.len() > 30);
    assert_eq!(found.zip(periods).collect::<Vec<_>>(), known);
}
