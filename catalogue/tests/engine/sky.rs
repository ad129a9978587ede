//! One small sample sky for all tests, and short ways to ask it.

use std::path::Path;
use std::sync::OnceLock;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use catalogue::engine::{Catalogue, Limits, Query, QueryError, Request, User};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use futures::TryStreamExt;
use tempfile::TempDir;

pub const OPTIONS: SampleOptions = SampleOptions { seed: 3, sources: 60_000, variables: 100 };

/// The directory of the sample sky.
pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    let made = || {
        let dir = TempDir::new().expect("a temporary directory");
        write_sample(dir.path(), &OPTIONS, &Silent).expect("a sample sky");
        dir
    };
    DIRECTORY.get_or_init(made).path()
}

pub fn open(limits: Limits) -> Catalogue {
    Catalogue::open(directory(), limits).expect("the sample sky opens")
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| open(Limits::default()))
}

pub fn maria() -> User {
    User { name: "maria".parse().expect("a good user name") }
}

/// The whole answer of `catalogue`, as one batch.
pub async fn ask_of(catalogue: &Catalogue, sql: &str) -> Result<RecordBatch, QueryError> {
    all_rows(catalogue.plan(&maria(), sql).await?).await
}

/// The whole answer to a syntax tree, as one batch.
pub async fn ask_request(request: Request) -> Result<RecordBatch, QueryError> {
    all_rows(catalogue().plan_request(&maria(), request).await?).await
}

async fn all_rows(query: Query) -> Result<RecordBatch, QueryError> {
    let rows = query.execute().await?;
    let schema = rows.schema();
    let batches: Vec<RecordBatch> = rows.try_collect().await?;
    Ok(concat_batches(&schema, &batches).expect("all batches have the announced schema"))
}

/// The whole answer, as one batch.
pub async fn ask(sql: &str) -> Result<RecordBatch, QueryError> {
    ask_of(catalogue(), sql).await
}

/// The one integer that the answer is.
pub async fn count(sql: &str) -> i64 {
    let answer = ask(sql).await.expect("a good query");
    assert_eq!((answer.num_rows(), answer.num_columns()), (1, 1), "{sql}");
    answer.column(0).as_primitive::<Int64Type>().value(0)
}

/// A column of integers.
pub async fn integers(sql: &str) -> Vec<i64> {
    integers_of(catalogue(), sql).await
}

/// A column of integers from `catalogue`.
pub async fn integers_of(catalogue: &Catalogue, sql: &str) -> Vec<i64> {
    let answer = ask_of(catalogue, sql).await.expect("a good query");
    answer.column(0).as_primitive::<Int64Type>().values().to_vec()
}
