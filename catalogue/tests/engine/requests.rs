//! Queries that come as syntax trees, with tables of their own.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Field, Schema};
use catalogue::engine::{Guest, QueryError, Request};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::sky::{ask_request, integers};

fn request(sql: &str, guests: Vec<Guest>) -> Request {
    let statements = Parser::parse_sql(&GenericDialect {}, sql).expect("good SQL");
    let [Statement::Query(query)] = statements.as_slice() else { panic!("{sql}") };
    Request { query: query.clone(), text: sql.to_owned(), guests }
}

/// `tap_upload.mine` with identifiers.
fn upload(ids: &[i64]) -> Guest {
    let unit = [("unit".to_owned(), "one".to_owned())].into();
    let columns = Schema::new(vec![Field::new("id", DataType::Int64, false).with_metadata(unit)]);
    let columns = Arc::new(columns);
    let ids = Arc::new(Int64Array::from(ids.to_vec()));
    let rows = RecordBatch::try_new(Arc::clone(&columns), vec![ids]).expect("one column");
    Guest { schema: "tap_upload".into(), name: "mine".into(), columns, rows: vec![rows] }
}

#[tokio::test]
async fn a_table_of_the_query_joins_with_the_catalogue() {
    let ids = integers("SELECT source_id FROM gaia_source ORDER BY source_id LIMIT 3").await;
    let sql =
        "SELECT m.id FROM tap_upload.mine m JOIN gaiadr3.gaia_source g ON g.source_id = m.id ORDER BY 1";
    let answer = ask_request(request(sql, vec![upload(&[ids[0], ids[0] + 1, ids[2]])])).await;
    let answer = answer.expect("a good query");
    assert_eq!(answer.column(0).as_primitive::<Int64Type>().values().to_vec(), [ids[0], ids[2]]);
    assert_eq!(answer.schema_ref().field(0).metadata().get("unit").map(String::as_str), Some("one"));
}

#[tokio::test]
async fn a_table_of_one_query_is_not_there_for_the_next() {
    let sql = "SELECT\n  id FROM tap_upload.mine";
    assert_eq!(ask_request(request(sql, vec![upload(&[7])])).await.expect("a good query").num_rows(), 1);
    let error = ask_request(request(sql, Vec::new())).await.expect_err("the table is gone");
    let QueryError::UnknownTable { name, place: Some(place), .. } = error else { panic!("{error}") };
    assert_eq!((name.as_str(), place.line, place.column), ("tap_upload.mine", 2, 11));
}

#[tokio::test]
async fn a_syntax_tree_may_not_read_more_tables_than_a_text() {
    let many = vec!["SELECT 1 FROM gaia_source"; 300].join(" UNION ALL ");
    let error = ask_request(request(&many, Vec::new())).await.expect_err("too many tables");
    assert!(matches!(error, QueryError::TooComplex { .. }), "{error}");
}
