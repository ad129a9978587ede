//! Time and memory run out with an error, never with a short answer.

use catalogue::engine::{Limits, QueryError};
use futures::StreamExt;

use crate::sky::{ask_of, maria, open};

#[tokio::test]
async fn a_query_past_its_deadline_ends_with_an_error() {
    let catalogue = open(Limits { query_seconds: 1, ..Limits::default() });
    let endless =
        "SELECT count(*) FROM gaia_source a, gaia_source b, gaia_source c WHERE a.ra + b.ra + c.ra < 0";
    assert_eq!(ask_of(&catalogue, endless).await, Err(QueryError::Deadline { seconds: 1 }));
    let slow_reader = catalogue.plan(&maria(), "SELECT a.ra FROM gaia_source a, gaia_source b").await;
    let mut rows = slow_reader.expect("a good query").execute().await.expect("it starts");
    let mut last = None;
    while let Some(batch) = rows.next().await {
        last = Some(batch.map(|batch| batch.num_rows()));
    }
    assert_eq!(last, Some(Err(QueryError::Deadline { seconds: 1 })));
    assert!(rows.next().await.is_none(), "nothing comes after an error");
}

#[tokio::test]
async fn endless_queries_of_every_kind_end_at_their_deadline() {
    let catalogue = open(Limits { query_seconds: 1, ..Limits::default() });
    for sql in [
        "SELECT count(*) FROM gaia_source a JOIN gaia_source b ON distance_deg(a.ra + b.ra, a.dec, b.ra, b.dec) < 1e-9",
        "SELECT sum(a.ra + b.ra * c.ra) FROM gaia_source a, gaia_source b, gaia_source c",
        "SELECT count(*) FROM gaia_source a JOIN gaia_source b ON a.ra < b.ra AND a.dec < b.dec AND a.ra > b.dec + 500",
        "SELECT count(*) FROM gaia_source a JOIN gaia_source b \
         ON a.phot_variable_flag = b.phot_variable_flag AND a.ra > b.ra + 500",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "SELECT max(value % 7) FROM generate_series(1, 1000000000000)",
    ] {
        assert_eq!(ask_of(&catalogue, sql).await, Err(QueryError::Deadline { seconds: 1 }), "{sql}");
    }
    let after = open(Limits { query_seconds: 30, ..Limits::default() });
    ask_of(&after, "SELECT count(*) FROM vari_rrlyrae").await.expect("the machine is free again");
}

#[tokio::test]
async fn a_query_past_its_memory_and_disk_ends_with_an_error() {
    let catalogue =
        open(Limits { query_memory_bytes: 1 << 20, query_spill_bytes: 1 << 10, ..Limits::default() });
    let hungry = "SELECT a.source_id, array_agg(b.ra) FROM gaia_source a JOIN gaia_source b ON a.phot_variable_flag = b.phot_variable_flag GROUP BY 1";
    let refused = ask_of(&catalogue, hungry).await.expect_err("it cannot fit");
    assert!(matches!(refused, QueryError::Resources { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_dropped_query_gives_its_threads_back() {
    let catalogue = open(Limits::default());
    for _ in 0..20 {
        let query = catalogue
            .plan(&maria(), "SELECT a.ra FROM gaia_source a, gaia_source b")
            .await
            .expect("a good query");
        let mut rows = query.execute().await.expect("it starts");
        assert!(rows.next().await.expect("a batch").is_ok());
    }
    let count =
        ask_of(&catalogue, "SELECT count(*) FROM vari_rrlyrae").await.expect("the engine still answers");
    assert_eq!(count.num_rows(), 1);
}

#[tokio::test]
async fn batches_stay_small_when_rows_are_wide() {
    let limits = Limits::default();
    let catalogue = open(limits.clone());
    for sql in ["SELECT * FROM gaia_source", "SELECT ra FROM gaia_source", "SELECT * FROM epoch_photometry"] {
        let mut rows =
            catalogue.plan(&maria(), sql).await.expect("a good query").execute().await.expect("it starts");
        while let Some(batch) = rows.next().await {
            let batch = batch.expect("a batch");
            assert!(batch.num_rows() <= limits.batch_rows, "{sql}");
            assert!(
                batch.get_array_memory_size() <= 4 * limits.batch_bytes,
                "{sql}: {}",
                batch.get_array_memory_size()
            );
        }
    }
}
