//! Who uses the services, and how: each query and each request for products with the program that sent it, where it
//! came in and how complex it was. Neither the text of a query nor the person is kept.
//!
//! [`count`] stands before the addresses that are counted, [`note`] hears of queries, [`FlightUsage`] of those over Flight. [`ledger`] keeps what was counted,
//! [`metrics`] tells operators' monitoring, [`table`] is the SQL table `usage.queries`, [`page`] draws it for people.

mod access;
mod complexity;
mod flight;
mod ledger;
mod metrics;
mod origin;
pub(crate) mod page;
pub(crate) mod table;

use std::cell::Cell;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::state::now;
pub(crate) use access::is_operator;
pub(crate) use complexity::Complexity;
pub use flight::FlightUsage;
pub(crate) use ledger::Ledger;
pub(crate) use metrics::{Metrics, document as metrics_document};
use origin::{Entrance, Origin};

tokio::task_local! {
    /// How complex the query of the present request is, once it is known.
    static ASKED: Cell<Complexity>;
}

/// One request, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// When, in seconds since 1970 UTC.
    pub at: i64,
    /// Who sent it.
    pub origin: Origin,
    /// How complex it was.
    pub complexity: Complexity,
    /// How it ended.
    pub outcome: Outcome,
    /// Until the answer began, in milliseconds.
    pub elapsed_ms: i64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It was answered, or became a job.
    Answered,
    /// It was refused with a reason.
    Refused,
    /// The server failed.
    Failed,
}

impl Outcome {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            ..400 => Self::Answered,
            400..500 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// The layer that counts. Requests for descriptions, phases and results are no queries.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(entrance) = Entrance::of(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    let origin = Origin::of(entrance, request.headers());
    let (at, begun) = (now(), Instant::now());
    let answered = async { (next.run(request).await, ASKED.with(Cell::get)) };
    let (response, complexity) = ASKED.scope(Cell::new(entrance.complexity()), answered).await;
    let elapsed_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let outcome = Outcome::of(response.status());
    let counted = Counted { at, origin, complexity, outcome, elapsed_ms };
    app.metrics.add(&counted);
    app.ledger.add(counted);
    response
}

/// Tells the present request, if it is one that is counted, what it asks.
pub(crate) fn note(adql: &str) {
    // A job that runs later was counted when it came.
    let _ = ASKED.try_with(|asked| asked.set(Complexity::of(adql)));
}
