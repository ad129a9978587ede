//! Statements in all the ways that clients send them, and the errors they get.

use arrow::datatypes::{DataType, Schema};
use arrow_flight::{FlightClient, FlightDescriptor};
use catalogue::engine::Limits;
use futures::TryStreamExt;
use tonic::Code;

use crate::world::{World, ask, fetch, rows, status};

const SOME: &str = "SELECT source_id, ra, parallax FROM gaiadr3.gaia_source ORDER BY source_id LIMIT 1000";

#[tokio::test]
async fn a_statement_comes_with_its_schema_units_and_rows() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info = client.execute(SOME.into(), None).await.expect("a good query");
    let announced = info.clone().try_decode_schema().expect("a schema");
    let batches = fetch(&mut client, info).await.expect("rows");
    assert_eq!(rows(&batches), 1000);
    assert_eq!(batches[0].schema_ref().as_ref(), &announced);
    let parallax = announced.field_with_name("parallax").expect("a column");
    assert_eq!(
        (parallax.data_type(), parallax.metadata().get("unit").map(String::as_str)),
        (&DataType::Float64, Some("mas"))
    );
}

#[tokio::test]
async fn plain_text_in_a_descriptor_is_a_statement() {
    let world = World::new().await;
    let mut client = FlightClient::new(world.channel().await);
    client
        .add_header("authorization", &format!("Bearer {}", world.gateway.token("maria")))
        .expect("a header");
    let schema: Schema = client.get_schema(FlightDescriptor::new_cmd(SOME)).await.expect("a schema");
    assert_eq!(schema.fields().len(), 3);
    let info = client.get_flight_info(FlightDescriptor::new_cmd(SOME)).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let batches: Vec<_> = client.do_get(ticket).await.expect("rows").try_collect().await.expect("all rows");
    assert_eq!(rows(&batches), 1000);
}

#[tokio::test]
async fn a_prepared_statement_runs_twice() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let mut prepared = client.prepare(SOME.into(), None).await.expect("a good query");
    assert_eq!(prepared.dataset_schema().expect("a schema").fields().len(), 3);
    for _ in 0..2 {
        let info = prepared.execute().await.expect("a good query");
        assert_eq!(rows(&fetch(&mut client, info).await.expect("rows")), 1000);
    }
    prepared.close().await.expect("closed");
}

#[tokio::test]
async fn an_answer_without_rows_still_has_its_schema() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info = client.execute("SELECT ra FROM gaiadr3.gaia_source WHERE source_id = -1".into(), None).await;
    let mut rows = client
        .do_get(info.expect("a good query").endpoint[0].ticket.clone().expect("a ticket"))
        .await
        .expect("rows");
    assert_eq!(rows.try_next().await.expect("no error"), None);
    assert_eq!(rows.schema().expect("a schema").fields().len(), 1);
}

#[tokio::test]
async fn batches_are_at_most_two_mebibytes() {
    let world = World::new().await;
    let info = world
        .client("maria")
        .await
        .execute("SELECT * FROM gaiadr3.gaia_source".into(), None)
        .await
        .expect("a good query");
    let mut client = FlightClient::new(world.channel().await);
    client
        .add_header("authorization", &format!("Bearer {}", world.gateway.token("maria")))
        .expect("a header");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let data: Vec<_> =
        client.do_get(ticket).await.expect("rows").into_inner().try_collect().await.expect("all rows");
    let largest = data.iter().map(|data| data.inner.data_body.len()).max().expect("messages");
    assert!(largest <= (2 << 20) + (64 << 10), "{largest}");
}

#[tokio::test]
async fn mistakes_come_with_a_code_a_hint_and_a_caret() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    for (sql, code, text) in [
        (
            "SELECT * FROM gaiadr3.gaia_sourc",
            Code::NotFound,
            "no such table gaiadr3.gaia_sourc; did you mean gaiadr3.gaia_source?\n\
             line 1, column 15:\n  SELECT * FROM gaiadr3.gaia_sourc\n                ^",
        ),
        (
            "SELECT paralax FROM gaiadr3.gaia_source",
            Code::InvalidArgument,
            "no such column paralax; did you mean parallax?\n\
             line 1, column 8:\n  SELECT paralax FROM gaiadr3.gaia_source\n         ^",
        ),
        (
            "DROP TABLE gaiadr3.gaia_source",
            Code::PermissionDenied,
            "tables can be made, changed and dropped in user_maria only, which is yours, and not in gaiadr3",
        ),
    ] {
        let refused = ask(&mut client, sql).await.expect_err(sql);
        assert_eq!((refused.code(), refused.message()), (code, text));
    }
}

#[tokio::test]
async fn what_is_not_offered_says_so() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let update = status(client.execute_update("DELETE FROM x".into(), None).await.expect_err("read only"));
    assert_eq!(update.code(), Code::PermissionDenied);
    let update = status(client.execute_update("SELECT 1".into(), None).await.expect_err("no update"));
    assert_eq!(update.message(), "this statement changes nothing: send it as a query");
    let begin = status(client.begin_transaction().await.expect_err("no transactions"));
    assert_eq!(
        (begin.code(), begin.message()),
        (
            Code::Unimplemented,
            "the action BeginTransaction is not offered by this server: it answers queries and lists tables",
        )
    );
}

#[tokio::test]
async fn one_query_too_many_is_refused() {
    let one = Limits { queries: 1, queue_seconds: 0, ..Limits::default() };
    let world = World::with(one, |config| config).await;
    let mut client = world.client("maria").await;
    let endless = "SELECT a.ra FROM gaiadr3.gaia_source a, gaiadr3.gaia_source b";
    let info = client.execute(endless.into(), None).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let mut running = client.do_get(ticket).await.expect("rows");
    assert!(running.try_next().await.expect("a batch").is_some());
    let refused = ask(&mut client, "SELECT 1").await.expect_err("no turn is free");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(running);
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while ask(&mut client, "SELECT 1").await.is_err() {
        assert!(tokio::time::Instant::now() < until, "a dropped query must free its turn");
        tokio::task::yield_now().await;
    }
}
