//! Queries that did not come in here but over Arrow Flight, from kernels above all: whoever serves them tells of each.

use std::time::Duration;

use super::origin::{Entrance, Origin};
use super::{Complexity, Counted, Outcome};
use crate::app::App;
use crate::state::now;

/// Counts queries over Arrow Flight among those of this server. Clones count together.
#[derive(Clone)]
pub struct FlightUsage(App);

impl FlightUsage {
    pub(crate) fn new(app: &App) -> Self {
        Self(app.clone())
    }

    /// Counts a query: its text, what its program says of itself (as in `User-Agent`), how it ended and how long the offer of
    /// its rows took. Neither text nor person is kept.
    pub fn count(&self, sql: &str, program: &str, outcome: Outcome, elapsed: Duration) {
        let counted = Counted {
            at: now(),
            origin: Origin::of_program(Entrance::Flight, program),
            complexity: Complexity::of(sql),
            outcome,
            elapsed_ms: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
        };
        self.0.metrics.add(&counted);
        self.0.ledger.add(counted);
    }
}
