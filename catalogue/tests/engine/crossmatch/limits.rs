//! Crossmatches stop when they are told to, and never take more memory than they may.

use catalogue::engine::{Limits, QueryError};
use futures::StreamExt;

use crate::sky::{ask_of, maria, open};

#[tokio::test]
async fn a_side_that_does_not_fit_into_memory_is_refused() {
    let catalogue = open(Limits { query_memory_bytes: 1 << 20, ..Limits::default() });
    let sql = "SELECT count(*) FROM (SELECT ra + 0 AS ra, dec FROM gaia_source) a JOIN gaia_source b \
               ON distance_deg(a.ra, a.dec, b.ra, b.dec) < 1e-3";
    let refused = ask_of(&catalogue, sql).await.expect_err("it cannot fit");
    assert!(matches!(refused, QueryError::Resources { what: "memory", .. }), "{refused:?}");
}

#[tokio::test]
async fn a_match_past_its_deadline_ends_with_an_error_and_frees_the_threads() {
    let catalogue = open(Limits { query_seconds: 1, ..Limits::default() });
    let endless = "SELECT count(*) FROM gaia_source a JOIN gaia_source b \
                   ON distance_deg(a.ra, a.dec, b.ra, b.dec) < 10 AND sin(a.ra * b.dec) > 2";
    assert_eq!(ask_of(&catalogue, endless).await, Err(QueryError::Deadline { seconds: 1 }));
    ask_of(&catalogue, "SELECT count(*) FROM vari_rrlyrae").await.expect("the engine is free again in time");
}

#[tokio::test]
async fn a_dropped_match_gives_its_threads_back() {
    let catalogue = open(Limits::default());
    for _ in 0..10 {
        let sql = "SELECT a.ra, b.ra FROM gaia_source a JOIN gaia_source b ON distance_deg(a.ra, a.dec, b.ra, b.dec) < 9";
        let mut rows =
            catalogue.plan(&maria(), sql).await.expect("a good query").execute().await.expect("it starts");
        assert!(rows.next().await.expect("a batch").is_ok());
    }
    let count =
        ask_of(&catalogue, "SELECT count(*) FROM vari_rrlyrae").await.expect("the engine still answers");
    assert_eq!(count.num_rows(), 1);
}

#[tokio::test]
async fn a_radius_beyond_the_limit_is_refused_by_name_and_number() {
    let catalogue = open(Limits { crossmatch_radius_arcsec: 60, ..Limits::default() });
    let query = |radius: u32| {
        format!("SELECT count(*) FROM crossmatch(vari_rrlyrae, gaia_source, radius_arcsec => {radius})")
    };
    ask_of(&catalogue, &query(60)).await.expect("a radius at the limit");
    let refused = ask_of(&catalogue, &query(61)).await.expect_err("a radius above it").to_string();
    assert!(refused.contains("above 0 and at most 60 arcsec, not 61"), "{refused}");
}
