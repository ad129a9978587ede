//! Queries in ADQL with their answers, and texts that are refused with the reason, in the files of `cases`. The answers
//! follow from the few rows of [`world`] by hand; none was copied from the engine.

use std::path::{Path, PathBuf};

use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, ExpectedError, QueryExpect, Record, Runner};
use vo_server::plan::PlanError;

use crate::world::{self, World};

#[async_trait::async_trait]
impl AsyncDB for World {
    type Error = PlanError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, PlanError> {
        let rows = world::texts(&self.ask(text).await?);
        let columns = rows.first().map_or(0, Vec::len);
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adql/cases");
    let entries = std::fs::read_dir(directory).expect("the files");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn records(file: &Path) -> Vec<Record<DefaultColumnType>> {
    sqllogictest::parse_file(file).expect("a file of queries")
}

/// The text of every query and every mistake.
pub fn queries() -> Vec<String> {
    let records = files().into_iter().flat_map(|file| records(&file));
    let text = |record| match record {
        Record::Query { sql, .. } => Some(sql),
        _ => None,
    };
    records.filter_map(text).collect()
}

#[tokio::test]
async fn every_query_gets_its_answer_and_every_mistake_its_reason() {
    let mut wrong = Vec::new();
    for file in files() {
        let mut runner = Runner::new(|| async { Ok(World) });
        for record in records(&file) {
            if let Err(error) = runner.run_async(record).await {
                wrong.push(error.display(false).to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn there_are_four_hundred_queries_and_eighty_mistakes_with_their_place() {
    let all: Vec<_> = files().iter().flat_map(|file| records(file)).collect();
    let mistake = |record: &Record<DefaultColumnType>| match record {
        Record::Query { expected: QueryExpect::Error(ExpectedError::Inline(text)), .. } => {
            Some(text.as_str().starts_with("line "))
        }
        _ => None,
    };
    let answered = |record: &&Record<DefaultColumnType>| {
        matches!(record, Record::Query { expected: QueryExpect::Results { .. }, .. })
    };
    let with_place = all.iter().filter(|record| mistake(record) == Some(true)).count();
    let queries = all.iter().filter(answered).count();
    assert!(queries >= 400 && with_place >= 80, "{queries} queries, {with_place} mistakes");
}
