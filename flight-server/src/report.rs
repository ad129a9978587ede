//! What the logs say of one request, in the words of gRPC. The SQL is in neither of them.

use std::sync::atomic::Ordering;

use audit::Report;
use tonic::{Code, Status};

/// The request is over. Later calls say nothing.
pub(crate) fn end(report: &mut Report, code: Code) {
    match code {
        Code::Ok => report.done(),
        code => report.failed(format!("{code:?}")),
    }
}

/// The request is over, and has stored so many rows or failed.
pub(crate) fn stored(report: &mut Report, stored: &Result<i64, Status>) {
    if let Ok(rows) = stored {
        report.rows.store(u64::try_from(*rows).unwrap_or(0), Ordering::Relaxed);
    }
    end(report, stored.as_ref().map_or_else(Status::code, |_| Code::Ok));
}
