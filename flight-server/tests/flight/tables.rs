//! Users' tables over Flight SQL: made, queried, dropped, seen by their owner, and by nobody else.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    CommandGetDbSchemas, CommandStatementIngest, ProstMessageExt, TableDefinitionOptions, TableExistsOption,
    TableNotExistOption,
};
use arrow_flight::{FlightData, FlightDescriptor};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::world::{World, ask, fetch, rows, status};

type Client = FlightSqlServiceClient<Channel>;

fn stars(count: usize) -> RecordBatch {
    let numbers = 0..i64::try_from(count).expect("few");
    let ra: Vec<f64> = numbers.clone().map(|n| 56.0 + n as f64 * 1e-3).collect();
    let dec = vec![24.0; count];
    RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from_iter_values(numbers)) as _),
        ("ra", Arc::new(Float64Array::from(ra)) as _),
        ("dec", Arc::new(Float64Array::from(dec)) as _),
    ])
    .expect("a batch")
}

fn ingest(table: &str, schema: Option<&str>, exists: TableExistsOption) -> CommandStatementIngest {
    CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: TableNotExistOption::Create.into(),
            if_exists: exists.into(),
        }),
        table: table.into(),
        schema: schema.map(str::to_owned),
        catalog: None,
        temporary: false,
        transaction_id: None,
        options: HashMap::new(),
    }
}

async fn put(
    client: &mut Client,
    command: CommandStatementIngest,
    batches: Vec<RecordBatch>,
) -> Result<i64, Status> {
    let ok = |batch| Ok::<_, arrow_flight::error::FlightError>(batch);
    client.execute_ingest(command, stream::iter(batches.into_iter().map(ok))).await.map_err(status)
}

async fn create(client: &mut Client, table: &str, count: usize) -> Result<i64, Status> {
    put(client, ingest(table, None, TableExistsOption::Fail), vec![stars(count)]).await
}

async fn count(client: &mut Client, table: &str) -> Result<i64, Status> {
    let answer = ask(client, &format!("SELECT count(*) FROM {table}")).await?;
    Ok(answer[0].column(0).as_primitive::<Int64Type>().value(0))
}

async fn refusal(client: &mut Client, sql: &str) -> (Code, String) {
    let refused = ask(client, sql).await.expect_err(sql);
    (refused.code(), refused.message().to_owned())
}

#[tokio::test]
async fn an_ingested_table_is_queried_joined_and_crossmatched() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    assert_eq!(create(&mut client, "Stars", 1_000).await.expect("stored"), 1_000);
    let answer =
        ask(&mut client, "SELECT sum(n) FROM user_maria.stars WHERE ra >= 56.5").await.expect("an answer");
    assert_eq!(answer[0].column(0).as_primitive::<Int64Type>().value(0), (500..1_000).sum::<i64>());
    let matched = "SELECT count(*) FROM crossmatch(user_maria.stars, gaiadr3.gaia_source, \
                   radius_arcsec => 3600, mode => 'all')";
    let joined = "SELECT count(*) FROM user_maria.stars s JOIN gaiadr3.gaia_source g \
                  ON distance_deg(s.ra, s.dec, g.ra, g.dec) <= 1";
    let (matched, joined) = (ask(&mut client, matched).await, ask(&mut client, joined).await);
    let number = |answer: Result<Vec<RecordBatch>, Status>| {
        answer.expect("an answer")[0].column(0).as_primitive::<Int64Type>().value(0)
    };
    let matched = number(matched);
    assert!(matched > 0);
    assert_eq!(matched, number(joined));
}

#[tokio::test]
async fn statements_make_replace_and_drop_tables_as_queries_and_as_updates() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let select = "SELECT source_id, ra, dec, parallax FROM gaiadr3.gaia_source WHERE source_id IS NOT NULL";
    let answer = ask(&mut client, &format!("CREATE TABLE bright AS {select} LIMIT 20")).await.expect("made");
    assert_eq!(answer[0].column(0).as_primitive::<Int64Type>().value(0), 20);
    let made =
        client.execute_update(format!("CREATE OR REPLACE TABLE user_maria.bright AS {select} LIMIT 7"), None);
    assert_eq!(made.await.expect("replaced"), 7);
    let kept = client.execute_update(format!("CREATE TABLE IF NOT EXISTS bright AS {select}"), None);
    assert_eq!(kept.await.expect("kept"), 0);
    let unit = client.execute("SELECT * FROM user_maria.bright".into(), None).await.expect("a good query");
    let unit = unit.try_decode_schema().expect("a schema").field(3).metadata().get("unit").cloned();
    assert_eq!(
        (count(&mut client, "user_maria.bright").await.expect("there"), unit),
        (7, Some("mas".into()))
    );
    let exists = refusal(&mut client, "CREATE TABLE bright AS SELECT 1 AS x").await;
    assert_eq!(exists.0, Code::AlreadyExists);
    let mut prepared = client.prepare("DROP TABLE bright".into(), None).await.expect("a good statement");
    assert_eq!(prepared.dataset_schema().expect("a schema").fields().len(), 0);
    prepared.execute_update().await.expect("dropped");
    let gone = refusal(&mut client, "DROP TABLE bright").await;
    assert_eq!(gone, (Code::NotFound, "no such table user_maria.bright".into()));
    ask(&mut client, "DROP TABLE IF EXISTS bright").await.expect("no mistake");
}

#[tokio::test]
async fn for_others_a_table_does_not_exist() {
    let world = World::new().await;
    let (mut maria, mut vera) = (world.client("maria").await, world.client("vera").await);
    let told = |table: &str, (code, text): (Code, String)| (code, text.replace(table, "TABLE"));
    let queries =
        ["SELECT * FROM user_maria.X", "EXPLAIN SELECT * FROM user_maria.X", "DESCRIBE user_maria.X"];
    let never: Vec<_> = {
        let mut never = Vec::new();
        for sql in queries {
            never.push(told("stars", refusal(&mut vera, &sql.replace('X', "stars")).await));
        }
        never
    };
    create(&mut maria, "stars", 10).await.expect("stored");
    for (sql, never) in queries.iter().zip(never) {
        assert_eq!(told("stars", refusal(&mut vera, &sql.replace('X', "stars")).await), never, "{sql}");
    }
    for (sql, other) in [
        ("DROP TABLE user_maria.stars", "DROP TABLE user_nobody.stars"),
        ("CREATE TABLE user_maria.stars AS SELECT 1 AS x", "CREATE TABLE user_nobody.stars AS SELECT 1 AS x"),
    ] {
        let (of_maria, of_nobody) = (refusal(&mut vera, sql).await, refusal(&mut vera, other).await);
        assert_eq!(told("user_maria", of_maria), told("user_nobody", of_nobody));
    }
    let written =
        put(&mut vera, ingest("stars", Some("user_maria"), TableExistsOption::Append), vec![stars(1)]).await;
    assert_eq!(written.expect_err("not hers").code(), Code::PermissionDenied);
    for listing in ["SHOW TABLES", "SELECT table_schema FROM information_schema.tables"] {
        let (of_maria, of_vera) = (ask(&mut maria, listing).await, ask(&mut vera, listing).await);
        let seen = |answer: Result<Vec<RecordBatch>, Status>| format!("{:?}", answer.expect("a listing"));
        assert!(seen(of_maria).contains("user_maria"), "{listing}");
        assert!(!seen(of_vera).contains("user_maria"), "{listing}");
    }
    for (client, schemas) in [(&mut maria, 2), (&mut vera, 1)] {
        let info = client.get_db_schemas(CommandGetDbSchemas::default()).await.expect("a listing");
        assert_eq!(rows(&fetch(client, info).await.expect("rows")), schemas);
    }
    assert_eq!(count(&mut maria, "user_maria.stars").await.expect("still there"), 10);
}

#[tokio::test]
async fn an_offer_made_before_a_change_gives_what_is_there_after_it() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    create(&mut client, "t", 10).await.expect("stored");
    let sql = "SELECT n FROM user_maria.t";
    let before = client.execute(sql.into(), None).await.expect("a good query");
    put(&mut client, ingest("t", None, TableExistsOption::Replace), vec![stars(3)]).await.expect("replaced");
    assert_eq!(rows(&fetch(&mut client, before).await.expect("rows")), 3);
    let before = client.execute(sql.into(), None).await.expect("a good query");
    ask(&mut client, "DROP TABLE t").await.expect("dropped");
    assert_eq!(fetch(&mut client, before).await.expect_err("it is gone").code(), Code::NotFound);
}

#[tokio::test]
async fn rows_that_are_on_their_way_are_those_of_the_table_that_was_asked_for() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    create(&mut client, "t", 2_000_000).await.expect("stored");
    let info = client.execute("SELECT n, ra FROM user_maria.t".into(), None).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let mut running = client.do_get(ticket).await.expect("rows");
    let first = running.try_next().await.expect("no error").expect("a batch").num_rows();
    put(&mut client, ingest("t", None, TableExistsOption::Replace), vec![stars(3)]).await.expect("replaced");
    let rest: Vec<RecordBatch> = running.try_collect().await.expect("all rows");
    assert_eq!(first + rows(&rest), 2_000_000);
}

#[tokio::test]
async fn a_client_that_is_killed_leaves_nothing() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    for sent in 2..=4 {
        let channel = world.endpoint().connect_lazy();
        let request = unfinished(&world, sent).await;
        // A runtime of its own: when it ends, so does its connection.
        let killed = tokio::runtime::Runtime::new().expect("a runtime");
        let upload =
            killed.spawn(async move { FlightServiceClient::new(channel).do_put(request).await.map(drop) });
        world.until_space_has(1).await;
        assert!(!upload.is_finished(), "the server took {sent} messages for all");
        killed.shutdown_background();
        world.until_space_has(0).await;
        assert_eq!(refusal(&mut client, "SELECT * FROM user_maria.t").await.0, Code::NotFound);
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_leaves_nothing() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    for sent in 2..=4 {
        let mut upload = FlightServiceClient::new(world.channel().await);
        let request = unfinished(&world, sent).await;
        tokio::select! {
            _ = upload.do_put(request) => panic!("the server took {sent} messages for all"),
            () = world.until_space_has(1) => {}
        }
        world.until_space_has(0).await;
        assert_eq!(refusal(&mut client, "SELECT * FROM user_maria.t").await.0, Code::NotFound);
    }
}

/// The first messages, of four, of an upload of 1,500 rows, and then silence.
async fn unfinished(
    world: &World,
    sent: usize,
) -> Request<impl Stream<Item = FlightData> + Send + Unpin + 'static> {
    let mut messages = messages(vec![stars(500), stars(500), stars(500)]).await;
    assert_eq!(messages.len(), 4);
    messages.truncate(sent);
    let mut request = Request::new(stream::iter(messages).chain(stream::pending()));
    let token = format!("Bearer {}", world.gateway.token("maria"));
    request.metadata_mut().insert("authorization", token.parse().expect("a header"));
    request
}

async fn messages(batches: Vec<RecordBatch>) -> Vec<FlightData> {
    let command = ingest("t", None, TableExistsOption::Fail).as_any().encode_to_vec();
    let batches = stream::iter(batches.into_iter().map(Ok));
    let encoder =
        FlightDataEncoderBuilder::new().with_flight_descriptor(Some(FlightDescriptor::new_cmd(command)));
    encoder.build(batches).try_collect().await.expect("messages")
}

#[tokio::test]
async fn a_bad_upload_is_refused_with_its_reason_and_leaves_nothing() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let twice = RecordBatch::try_from_iter([
        ("x", Arc::new(Int64Array::from(vec![1])) as _),
        ("X", Arc::new(Int64Array::from(vec![1])) as _),
    ]);
    let columns: Vec<_> = (0..10_000)
        .map(|n| (format!("c{n}"), Arc::new(Int64Array::from(vec![1])) as arrow::array::ArrayRef))
        .collect();
    for (batch, text) in [
        (twice, "columns 1 and 2 are both named X: rename one"),
        (
            RecordBatch::try_from_iter(columns),
            "a table has at most 2000 columns, and these are 10000: leave some out",
        ),
    ] {
        let batch = batch.expect("a batch");
        let refused = put(&mut client, ingest("t", None, TableExistsOption::Fail), vec![batch]).await;
        let refused = refused.expect_err(text);
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, text));
    }
    let named = put(&mut client, ingest("a.b", None, TableExistsOption::Fail), vec![stars(1)]).await;
    assert_eq!(named.expect_err("no name").code(), Code::InvalidArgument);
    let empty = put(&mut client, ingest("t", None, TableExistsOption::Fail), vec![]).await;
    assert_eq!(empty.expect_err("no schema").code(), Code::InvalidArgument);
    assert_eq!(refusal(&mut client, "SELECT * FROM user_maria.t").await.0, Code::NotFound);
    assert_eq!(create(&mut client, "t", 0).await.expect("a table without rows"), 0);
    assert_eq!(count(&mut client, "user_maria.t").await.expect("it is there"), 0);
}
