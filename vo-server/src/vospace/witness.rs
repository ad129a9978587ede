//! What the audit log is told of nodes in homes: who read, made, changed or removed which, and how many bytes went along.
//! Tables tell of themselves, by the ways of queries and uploads.

use api::names::Username;
use audit::{Report, Verb};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};

use super::fault::Fault;
use crate::app::App;

/// Something that somebody wants to do to nodes, which are named by their identifiers.
pub(super) fn begin(app: &App, person: &Username, verb: Verb, nodes: Vec<String>) -> Report {
    let mut report = app.reports.begin(person.as_str(), verb);
    report.tables = nodes;
    report
}

/// Changes nodes; what came of it, and the bytes that were stored.
pub(super) async fn change<T>(
    mut report: Report,
    changing: impl Future<Output = Result<(T, u64), Fault>>,
) -> Result<T, Fault> {
    match changing.await {
        Ok((done, bytes)) => {
            report.bytes = bytes;
            report.done();
            Ok(done)
        }
        Err(fault) => Err(refused(report, fault)),
    }
}

/// Tells that nothing came of it.
pub(super) fn refused(mut report: Report, fault: Fault) -> Fault {
    report.permitted = fault.status().is_server_error();
    report.failed(fault.status().to_string());
    fault
}

/// The pieces of a file on their way out. After the last byte nobody asks for more.
pub(super) fn sent(
    mut report: Report,
    pieces: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    length_bytes: u64,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    report.permitted = true;
    if length_bytes == 0 {
        report.done();
    }
    stream::unfold((pieces.boxed(), report), move |(mut pieces, mut report)| async move {
        let piece = pieces.next().await?;
        match &piece {
            Ok(bytes) => report.bytes += bytes.len() as u64,
            Err(error) => report.failed(error.to_string()),
        }
        if report.bytes >= length_bytes {
            report.done();
        }
        Some((piece, (pieces, report)))
    })
}
