//! Products out of the catalogue, for a group of identifiers at a time: `epoch_products` of the engine, over a table
//! of the identifiers that the query brings along.

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Field, Schema};
use audit::Verb;
use catalogue::engine::{Guest, QueryError, Request, RetrievalType};
use futures::TryStreamExt;
use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::answer::Table;
use crate::app::App;
use crate::identity::Caller;
use crate::refusal::of_query;
use crate::witness;

/// Identifiers that are looked up at once.
pub(super) const GROUP: usize = 1_000;

/// Starts the lookup of one group. The columns are `source_id`, `missing` and, last, the product.
pub(super) async fn products(
    app: &App,
    caller: &Caller,
    release: &str,
    retrieval: RetrievalType,
    ids: &[i64],
) -> Result<Table, QueryError> {
    let name = retrieval.name();
    let product = name.to_lowercase();
    let has_table = app
        .catalogue
        .releases(&caller.user())
        .iter()
        .any(|table| table.schema == release && table.name == retrieval.table());
    let column = if has_table { format!(", {product}") } else { String::new() };
    let from = format!("epoch_products('{name}', (SELECT id FROM asked.ids), '{release}')");
    let sql = format!("SELECT source_id, missing{column} FROM {from}");
    ask(app, caller, &sql, ids).await
}

/// For each identifier and kind, whether there is no product, and why: `source_id`, `retrieval_type`, `missing`.
pub(super) async fn missing(
    app: &App,
    caller: &Caller,
    release: &str,
    ids: &[i64],
) -> Result<Vec<RecordBatch>, QueryError> {
    let from = format!("epoch_products('ALL', (SELECT id FROM asked.ids), '{release}')");
    let sql = format!("SELECT source_id, retrieval_type, missing FROM {from}");
    ask(app, caller, &sql, ids).await?.rows.try_collect().await
}

/// The sources with an identifier between two, which belong to it; one more than `most` at most.
pub(super) async fn between(
    app: &App,
    caller: &Caller,
    release: &str,
    [from, to]: [i64; 2],
    most: i64,
) -> Result<Vec<i64>, QueryError> {
    let most = most.saturating_add(1);
    let sql = format!(
        "SELECT source_id FROM \"{release}\".gaia_source WHERE source_id BETWEEN {from} AND {to} \
         ORDER BY source_id LIMIT {most}"
    );
    let found: Vec<RecordBatch> = ask(app, caller, &sql, &[]).await?.rows.try_collect().await?;
    let ids = found.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
    Ok(ids.collect())
}

async fn ask(app: &App, caller: &Caller, sql: &str, ids: &[i64]) -> Result<Table, QueryError> {
    let columns = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let rows = RecordBatch::try_new(Arc::clone(&columns), vec![Arc::new(Int64Array::from(ids.to_vec()))]);
    let rows = rows.expect("one column of its type");
    let guest = Guest { schema: "asked".to_owned(), name: "ids".to_owned(), columns, rows: vec![rows] };
    let statements = Parser::parse_sql(&GenericDialect {}, sql).expect("our own SQL");
    let Some(Statement::Query(query)) = statements.into_iter().next() else { unreachable!("our own SELECT") };
    let request = Request { query, text: sql.to_owned(), guests: vec![guest] };
    let user = caller.user();
    let mut report = app.reports.begin(user.name.as_str(), Verb::Read);
    let tables = &mut report.tables;
    let answering = async {
        let query = app.catalogue.plan_request(&user, request).await?;
        *tables = query.tables();
        Ok(query.execute().await?.into())
    };
    let answered = answering.await;
    witness::read(report, answered, of_query)
}
