//! SQL and its answers as text, in the files of `tests/slt`, by the runner of the `sqllogictest` crate.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use catalogue::engine::QueryError;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::sky::ask;

struct Sky;

#[async_trait::async_trait]
impl AsyncDB for Sky {
    type Error = QueryError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, QueryError> {
        let answer = ask(sql).await?;
        let types = answer.schema_ref().fields().iter().map(|field| column_type(field.data_type())).collect();
        Ok(DBOutput::Rows { types, rows: rows(&answer).expect("every value has a text") })
    }

    async fn shutdown(&mut self) {}
}

fn column_type(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        integer if integer.is_integer() => DefaultColumnType::Integer,
        float if float.is_floating() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

fn rows(answer: &RecordBatch) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = answer.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
    let columns: Vec<ArrayFormatter<'_>> = columns.collect::<Result<_, _>>()?;
    let text = |row: usize, column: &ArrayFormatter<'_>| match column.value(row).to_string() {
        empty if empty.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    Ok((0..answer.num_rows()).map(|row| columns.iter().map(|column| text(row, column)).collect()).collect())
}

#[tokio::test]
async fn every_file_of_sql_gets_its_answers() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let entries =
        std::fs::read_dir(directory).expect("the files").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|it| it == "slt")).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let mut runner = Runner::new(|| async { Ok(Sky) });
        if let Err(error) = runner.run_file_async(&file).await {
            panic!("{}", error.display(false));
        }
    }
}
