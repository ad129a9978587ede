//! What catalogue browsers ask for.

use arrow::array::{AsArray, RecordBatch};
use arrow_flight::sql::{
    CommandGetDbSchemas, CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetTables,
    CommandGetXdbcTypeInfo, SqlInfo, XdbcDataType,
};

use crate::world::{World, fetch};

fn texts(batches: &[RecordBatch], column: &str) -> Vec<String> {
    let column = |batch: &RecordBatch| batch.column_by_name(column).expect("a column").clone();
    let values = |array: arrow::array::ArrayRef| {
        array.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    batches.iter().map(column).flat_map(values).collect()
}

async fn tables(world: &World, query: CommandGetTables) -> Vec<RecordBatch> {
    let mut client = world.client("maria").await;
    let info = client.get_tables(query).await.expect("a listing");
    let announced = info.clone().try_decode_schema().expect("a schema");
    let batches = fetch(&mut client, info).await.expect("rows");
    assert!(batches.iter().all(|batch| batch.schema_ref().as_ref() == &announced));
    batches
}

#[tokio::test]
async fn tables_are_listed_with_and_without_their_columns() {
    let world = World::new().await;
    let all = tables(&world, CommandGetTables::default()).await;
    let expected = [
        "epoch_astrometry",
        "epoch_photometry",
        "gaia_source",
        "rvs_mean_spectrum",
        "vari_rrlyrae",
        "xp_continuous_mean_spectrum",
        "xp_sampled_mean_spectrum",
    ];
    assert_eq!(texts(&all, "table_name"), expected);
    assert_eq!(all[0].num_columns(), 4);
    let one = CommandGetTables {
        db_schema_filter_pattern: Some("gaia%".into()),
        table_name_filter_pattern: Some("gaia_s_urce".into()),
        include_schema: true,
        ..CommandGetTables::default()
    };
    let one = tables(&world, one).await;
    assert_eq!(texts(&one, "table_name"), ["gaia_source"]);
    assert!(
        one[0]
            .column_by_name("table_schema")
            .is_some_and(|schemas| !schemas.as_binary::<i32>().value(0).is_empty())
    );
    let none =
        CommandGetTables { db_schema_filter_pattern: Some("sdss".into()), ..CommandGetTables::default() };
    assert_eq!(texts(&tables(&world, none).await, "table_name"), [""; 0]);
}

#[tokio::test]
async fn catalogues_schemas_and_kinds_of_tables_are_listed() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info = client.get_catalogs().await.expect("a listing");
    assert_eq!(texts(&fetch(&mut client, info).await.expect("rows"), "catalog_name"), ["nearside"]);
    let info = client.get_db_schemas(CommandGetDbSchemas::default()).await.expect("a listing");
    assert_eq!(texts(&fetch(&mut client, info).await.expect("rows"), "db_schema_name"), ["gaiadr3"]);
    let info = client.get_table_types().await.expect("a listing");
    assert_eq!(texts(&fetch(&mut client, info).await.expect("rows"), "table_type"), ["TABLE"]);
    let info =
        client.get_sql_info(vec![SqlInfo::FlightSqlServerName, SqlInfo::FlightSqlServerReadOnly]).await;
    let answers = fetch(&mut client, info.expect("a listing")).await.expect("rows");
    assert_eq!(answers.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
}

#[tokio::test]
async fn keys_say_what_identifies_a_source_and_what_refers_to_it() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let query = CommandGetPrimaryKeys { table: "gaia_source".into(), ..CommandGetPrimaryKeys::default() };
    let info = client.get_primary_keys(query).await.expect("a listing");
    let announced = info.clone().try_decode_schema().expect("a schema");
    let keys = fetch(&mut client, info).await.expect("rows");
    assert_eq!(keys[0].schema_ref().as_ref(), &announced);
    assert_eq!(texts(&keys, "column_name"), ["source_id"]);
    let query =
        CommandGetImportedKeys { table: "epoch_photometry".into(), ..CommandGetImportedKeys::default() };
    let info = client.get_imported_keys(query).await.expect("a listing");
    let keys = fetch(&mut client, info).await.expect("rows");
    assert_eq!(
        (texts(&keys, "pk_table_name"), texts(&keys, "fk_table_name")),
        (vec!["gaia_source".to_owned()], vec!["epoch_photometry".to_owned()])
    );
    let query = CommandGetPrimaryKeys { table: "no_such".into(), ..CommandGetPrimaryKeys::default() };
    let info = client.get_primary_keys(query).await.expect("a listing");
    assert_eq!(texts(&fetch(&mut client, info).await.expect("rows"), "column_name"), [""; 0]);
}

#[tokio::test]
async fn types_are_listed_all_or_one() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info =
        client.get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: None }).await.expect("a listing");
    let all = texts(&fetch(&mut client, info).await.expect("rows"), "type_name");
    assert!(["BIGINT", "DOUBLE", "VARCHAR"].iter().all(|name| all.contains(&(*name).to_owned())), "{all:?}");
    let one = CommandGetXdbcTypeInfo { data_type: Some(XdbcDataType::XdbcBigint.into()) };
    let info = client.get_xdbc_type_info(one).await.expect("a listing");
    assert_eq!(texts(&fetch(&mut client, info).await.expect("rows"), "type_name"), ["BIGINT"]);
}
