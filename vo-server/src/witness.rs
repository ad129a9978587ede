//! What the audit log is told of queries, and of changes to users' tables. How the log is kept is not known here.

use std::sync::atomic::Ordering;

use api::names::Username;
use audit::{Report, Verb};
use futures::stream::{self, StreamExt};
use http::StatusCode;
use user_space::{TableName, schema_of};

use crate::answer::Table;
use crate::app::App;
use crate::refusal::{Refusal, of_query};

/// The rows of an answer, whose end the log is told; or why there are none, told by its status in HTTP.
pub(crate) fn read<E>(
    mut report: Report,
    answered: Result<Table, E>,
    status: fn(&E) -> StatusCode,
) -> Result<Table, E> {
    match answered {
        Ok(table) => {
            report.permitted = true;
            Ok(watched(table, report))
        }
        Err(error) => {
            report.failed(status(&error).to_string());
            Err(error)
        }
    }
}

fn watched(table: Table, report: Report) -> Table {
    let rows = stream::unfold((table.rows, report), |(mut rows, mut report)| async move {
        let batch = rows.next().await;
        match &batch {
            Some(Ok(batch)) => {
                report.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
            }
            Some(Err(error)) => report.failed(of_query(error).to_string()),
            None => report.done(),
        }
        batch.map(|batch| (batch, (rows, report)))
    });
    // Whoever waits for the first rows looks again after there were none.
    Table { schema: table.schema, rows: rows.fuse().boxed() }
}

/// Changes a table; how many rows it was given, if any.
pub(crate) async fn change(
    app: &App,
    actor: &Username,
    verb: Verb,
    (owner, table): (&Username, &TableName),
    changing: impl Future<Output = Result<u64, Refusal>>,
) -> Result<u64, Refusal> {
    let mut report = app.reports.begin(actor.as_str(), verb);
    report.tables.push(format!("{}.{table}", schema_of(owner)));
    let changed = changing.await;
    match &changed {
        Ok(rows) => {
            report.rows.store(*rows, Ordering::Relaxed);
            report.done();
        }
        Err(refusal) => {
            report.permitted = refusal.status().is_server_error();
            report.failed(refusal.status().to_string());
        }
    }
    changed
}
