//! One user's queries leave room for another's: turns, threads, memory and bytes.

use catalogue::engine::{Catalogue, Crowd, Limits, QueryError, Rows, User};
use futures::{StreamExt, TryStreamExt};

use crate::sky::{ask_of, maria, open};

const ENDLESS: &str =
    "SELECT count(*) FROM gaia_source a, gaia_source b, gaia_source c WHERE a.ra + b.ra + c.ra < 0";

fn jamal() -> User {
    User { name: "jamal".parse().expect("a good user name") }
}

async fn start(catalogue: &Catalogue, user: &User, sql: &str) -> Result<Rows, QueryError> {
    catalogue.plan(user, sql).await?.execute().await
}

#[tokio::test]
async fn endless_queries_of_one_user_do_not_stop_anothers_cone() {
    // One thread per user: if users shared threads, the joins of one would keep them all.
    let limits =
        Limits { query_threads: 1, user_queries: 4, queries: 8, query_seconds: 60, ..Limits::default() };
    let catalogue = open(limits);
    let mut monsters = Vec::new();
    for _ in 0..4 {
        monsters.push(start(&catalogue, &maria(), ENDLESS).await.expect("she may run four"));
    }
    let cone = "SELECT count(*) FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1)";
    let rows = start(&catalogue, &jamal(), cone).await.expect("his turn comes at once");
    let batches: Vec<_> = rows.try_collect().await.expect("his cone ends");
    assert_eq!(batches.len(), 1);
    for monster in &mut monsters {
        assert!(futures::poll!(monster.next()).is_pending(), "the joins still run");
    }
}

#[tokio::test]
async fn a_user_with_enough_queries_waits_and_is_told_so() {
    let catalogue = open(Limits { user_queries: 1, queue_seconds: 0, ..Limits::default() });
    let first = start(&catalogue, &maria(), ENDLESS).await.expect("the first may run");
    let refused = ask_of(&catalogue, "SELECT 1").await.expect_err("the second may not");
    assert_eq!(refused, QueryError::Busy { crowd: Crowd::User, queries: 1 });
    assert_eq!(
        refused.to_string(),
        "you already run 1 queries at once: read one to its end or close it first"
    );
    start(&catalogue, &jamal(), "SELECT 1").await.expect("another user may");
    drop(first);
    ask_of(&catalogue, "SELECT 1").await.expect("her turn has come");
}

#[tokio::test]
async fn a_full_server_says_so_and_goes_on() {
    let catalogue = open(Limits { queries: 1, queue_seconds: 0, ..Limits::default() });
    let first = start(&catalogue, &jamal(), ENDLESS).await.expect("the first may run");
    let refused = ask_of(&catalogue, "SELECT 1").await.expect_err("the second may not");
    assert_eq!(refused, QueryError::Busy { crowd: Crowd::Server, queries: 1 });
    drop(first);
    ask_of(&catalogue, "SELECT 1").await.expect("there is room again");
}

#[tokio::test]
async fn the_memory_of_a_user_is_shared_by_the_users_queries() {
    let hungry = "SELECT source_id, array_agg(ra) FROM gaia_source GROUP BY source_id ORDER BY 2";
    let limits = Limits { user_memory_bytes: 1 << 20, query_spill_bytes: 1 << 10, ..Limits::default() };
    let refused = ask_of(&open(limits), hungry).await.expect_err("it cannot fit");
    let text = refused.to_string();
    assert!(matches!(refused, QueryError::Resources { .. }), "{refused:?}");
    assert!(text.contains("1048576") || text.contains("disk"), "{text}");
    let server = Limits { memory_bytes: 1 << 20, query_spill_bytes: 1 << 10, ..Limits::default() };
    let refused = ask_of(&open(server), hungry).await.expect_err("it cannot fit");
    assert!(matches!(refused, QueryError::Resources { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_query_reads_no_more_bytes_than_it_may() {
    let catalogue = open(Limits { query_scan_bytes: 100_000, ..Limits::default() });
    let everything = ask_of(&catalogue, "SELECT sum(ra) FROM gaia_source").await;
    assert_eq!(everything, Err(QueryError::Scanned { limit_bytes: 100_000 }));
    let cone = "SELECT count(*) FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 0.1)";
    ask_of(&catalogue, cone).await.expect("a small part of the sky is few bytes");
}

#[tokio::test]
async fn a_user_reads_no_more_bytes_in_an_hour_than_may_be() {
    let catalogue = open(Limits { user_scan_bytes_per_hour: 700_000, ..Limits::default() });
    let sum = "SELECT sum(ra) FROM gaia_source";
    let mut last = Ok(());
    for _ in 0..20 {
        last = ask_of(&catalogue, sum).await.map(drop);
    }
    assert_eq!(last, Err(QueryError::ScannedThisHour { limit_bytes: 700_000, minutes: 60 }));
    start(&catalogue, &jamal(), sum)
        .await
        .expect("another user may")
        .try_collect::<Vec<_>>()
        .await
        .expect("it ends");
}
