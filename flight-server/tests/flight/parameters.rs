//! Prepared statements with parameters: their types, the values that are bound, and the mistakes.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow_flight::sql::client::FlightSqlServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::world::{World, ask, fetch, rows, status};

type Client = FlightSqlServiceClient<Channel>;

fn row(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("one row")
}

fn float(value: f64) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

fn integer(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

async fn bound(client: &mut Client, sql: &str, values: RecordBatch) -> Result<Vec<RecordBatch>, Status> {
    let mut prepared = client.prepare(sql.to_owned(), None).await.map_err(status)?;
    prepared.set_parameters(values).expect("kept for later");
    let info = prepared.execute().await.map_err(status)?;
    fetch(client, info).await
}

#[tokio::test]
async fn the_types_of_parameters_come_from_where_they_stand() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    for (sql, expected) in [
        ("SELECT ra FROM gaia_source WHERE source_id = ?", vec![("$1", DataType::Int64)]),
        (
            "SELECT ra + ? FROM gaia_source WHERE cone(ra, dec, ?, ?, 2.0)",
            vec![("$1", DataType::Float64), ("$2", DataType::Float64), ("$3", DataType::Float64)],
        ),
        (
            "SELECT ra FROM gaia_source WHERE dec BETWEEN $2 AND $1",
            vec![("$1", DataType::Float64), ("$2", DataType::Float64)],
        ),
        ("SELECT ra FROM gaia_source WHERE ra < $most", vec![("$most", DataType::Float64)]),
        ("SELECT ? AS anything", vec![("$1", DataType::Null)]),
        ("SELECT 1", vec![]),
    ] {
        let prepared = client.prepare(sql.to_owned(), None).await.expect(sql);
        let fields = prepared.parameter_schema().expect("a schema").fields();
        let found: Vec<_> =
            fields.iter().map(|field| (field.name().as_str(), field.data_type().clone())).collect();
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_bound_statement_answers_like_one_with_the_values_in_it() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let sql = |place: [&str; 3]| {
        let [ra, dec, brightest] = place;
        format!(
            "SELECT source_id, ra FROM gaia_source WHERE cone(ra, dec, {ra}, {dec}, 5.0) \
             AND phot_g_mean_mag > {brightest} ORDER BY source_id"
        )
    };
    let plain = ask(&mut client, &sql(["56.75", "24.12", "12"])).await.expect("a good query");
    assert!(rows(&plain) > 0);
    let values = || vec![("a", float(56.75)), ("b", float(24.12)), ("c", integer(12))];
    let marks = bound(&mut client, &sql(["?", "?", "?"]), row(values())).await.expect("a good query");
    assert_eq!(marks, plain);
    let numbers = bound(&mut client, &sql(["$1", "$2", "$3"]), row(values())).await.expect("a good query");
    assert_eq!(numbers, plain);
    let names = sql(["$a", "$b", "$c"]);
    let mut reversed = values();
    reversed.reverse();
    assert_eq!(bound(&mut client, &names, row(reversed)).await.expect("a good query"), plain);
}

#[tokio::test]
async fn values_keep_every_bit_and_are_never_read_as_sql() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let tiny = f64::from_bits(1);
    for value in [0.1, -1.5e-300, tiny, f64::MAX, 1e22, 5.0, f64::NEG_INFINITY] {
        let answer = bound(&mut client, "SELECT ? AS x", row(vec![("x", float(value))])).await;
        let answer = answer.expect("a number");
        let found = answer[0].column(0).as_primitive::<Float64Type>().value(0);
        assert_eq!(found.to_bits(), value.to_bits(), "{value}");
    }
    for value in [i64::MIN, -1, i64::MAX] {
        let answer = bound(&mut client, "SELECT ? AS x", row(vec![("x", integer(value))])).await;
        assert_eq!(answer.expect("a number")[0].column(0).as_primitive::<Int64Type>().value(0), value);
    }
    for value in ["'; DROP TABLE gaia_source; --", "\\' OR 1=1", "", "Kr\u{e4}he\n$1 ?"] {
        let answer = bound(&mut client, "SELECT ? AS x", row(vec![("x", text(value))])).await;
        assert_eq!(answer.expect("a text")[0].column(0).as_string::<i32>().value(0), value);
    }
}

#[tokio::test]
async fn bad_bindings_are_named() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let two = "SELECT ra FROM gaia_source WHERE ra > ? AND dec > ?";
    let two_rows = vec![
        ("a", Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef),
        ("b", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
    ];
    for (sql, values, message) in [
        (two, row(vec![("a", float(1.0))]), "parameter $2 has no value: 1 were bound, in order or by name"),
        (
            two,
            row(vec![("a", float(1.0)), ("b", float(1.0)), ("c", float(1.0))]),
            "3 values were bound to a statement with 2 parameters",
        ),
        (
            two,
            row(vec![("a", float(1.0)), ("b", text("north"))]),
            "parameter $2 takes a value of type Float64, and Utf8 was bound",
        ),
        (two, row(two_rows), "bind one row of values: a query runs once for each row"),
    ] {
        let refused = bound(&mut client, sql, values).await.expect_err(message);
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, message));
    }
    let unbound = ask(&mut client, two).await.expect_err("nothing is bound");
    assert_eq!(
        unbound.message(),
        "parameter $1 has no value: prepare the statement and bind one, or write the value there"
    );
    let mixed = status(client.prepare("SELECT ? + $1".into(), None).await.expect_err("two ways at once"));
    assert_eq!(mixed.message(), "parameters are written as ? or as $1, and not both in one statement");
}

#[tokio::test]
async fn a_table_is_made_of_a_query_with_parameters() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let create = "CREATE TABLE bright AS SELECT source_id FROM gaia_source WHERE phot_g_mean_mag < ?";
    let mut prepared = client.prepare(create.into(), None).await.expect("a good statement");
    let found = prepared.parameter_schema().expect("a schema").field(0).data_type().clone();
    assert!(found.is_floating(), "{found}");
    prepared.set_parameters(row(vec![("most", float(10.0))])).expect("kept for later");
    let stored = prepared.execute_update().await.expect("a table");
    let plain = ask(&mut client, "SELECT source_id FROM gaia_source WHERE phot_g_mean_mag < 10").await;
    assert_eq!(usize::try_from(stored), Ok(rows(&plain.expect("a good query"))));
}

#[tokio::test]
async fn a_bound_handle_is_of_its_user_alone() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let mut prepared = client.prepare("SELECT ? AS x".into(), None).await.expect("a good query");
    prepared.set_parameters(row(vec![("x", integer(7))])).expect("kept for later");
    let info = prepared.execute().await.expect("a good query");
    let foreign = fetch(&mut world.client("vera").await, info).await.expect_err("not hers");
    assert_eq!(foreign.code(), Code::PermissionDenied);
}
