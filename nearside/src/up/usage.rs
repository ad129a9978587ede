//! Queries over Arrow Flight are counted where those of the VO services are.

use std::sync::Arc;

use flight_server::{Asked, Ended, Usage, UsageListener};
use vo_server::{FlightUsage, Outcome};

struct Counts(FlightUsage);

impl Usage for Counts {
    fn asked(&self, asked: &Asked<'_>) {
        let outcome = match asked.ended {
            Ended::Answered => Outcome::Answered,
            Ended::Refused => Outcome::Refused,
            Ended::Failed => Outcome::Failed,
        };
        self.0.count(asked.sql, asked.program, outcome, asked.elapsed);
    }
}

/// What the Flight server tells of its queries to.
pub fn listener(vo: &vo_server::ServerHandle) -> UsageListener {
    UsageListener(Some(Arc::new(Counts(vo.flight_usage()))))
}
