//! One small sample sky, as the catalogue serves it.

use std::sync::OnceLock;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use catalogue::engine::{Catalogue, Limits};
use catalogue::progress::Silent;
use catalogue::sky::{SampleOptions, write_sample};
use tempfile::TempDir;
use vo_server::plan::{Asked, PlanError};

use crate::world;

pub const OPTIONS: SampleOptions = SampleOptions { seed: 3, sources: 20_000, variables: 20 };

pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<(TempDir, Catalogue)> = OnceLock::new();
    let open = || {
        let directory = TempDir::new().expect("a temporary directory");
        write_sample(directory.path(), &OPTIONS, &Silent).expect("a sample sky");
        let catalogue = Catalogue::open(directory.path(), Limits::default()).expect("the sample sky opens");
        (directory, catalogue)
    };
    &CATALOGUE.get_or_init(open).1
}

/// The whole answer, as one batch.
pub async fn ask(text: &str) -> Result<RecordBatch, PlanError> {
    world::all(catalogue(), Asked { text: text.to_owned(), maxrec: None, guests: Vec::new() }).await
}

/// The one integer that the answer is.
pub async fn count(text: &str) -> i64 {
    let answer = ask(text).await.expect("a good query");
    assert_eq!((answer.num_rows(), answer.num_columns()), (1, 1), "{text}");
    answer.column(0).as_primitive::<Int64Type>().value(0)
}
