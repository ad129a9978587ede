//! Counters since the start, in the text format of Prometheus (exposition format 0.0.4), for operators.
//!
//! Labels take few values: versions of clients are in the ledger alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;

use super::origin::{Client, Entrance};
use super::{Complexity, Counted, Outcome, access};
use crate::app::App;
use crate::dali::{self, Answer};
use crate::identity::Caller;

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Bounds of the histogram, in milliseconds.
const BOUNDS_MS: [i64; 8] = [5, 20, 50, 200, 1_000, 5_000, 20_000, 60_000];

type Kind = (Entrance, Client, Complexity, Outcome);

/// The counters.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<Counters>);

#[derive(Default)]
struct Counters {
    requests: BTreeMap<Kind, u64>,
    elapsed: BTreeMap<Entrance, Histogram>,
}

#[derive(Clone, Copy, Default)]
struct Histogram {
    /// Requests up to each bound, and all.
    buckets: [u64; BOUNDS_MS.len() + 1],
    sum_ms: i64,
}

impl Metrics {
    /// Counts a request.
    pub(super) fn add(&self, counted: &Counted) {
        let Counted { origin, complexity, outcome, elapsed_ms, .. } = counted;
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.requests.entry((origin.entrance, origin.client, *complexity, *outcome)).or_default() += 1;
        let histogram = counters.elapsed.entry(origin.entrance).or_default();
        histogram.sum_ms += elapsed_ms;
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS_MS.into_iter().chain([i64::MAX])) {
            *bucket += u64::from(*elapsed_ms <= bound);
        }
    }

    fn text(&self, lost: u64) -> String {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        head(&mut text, "nearside_vo_requests_total", "counter", "Queries and requests for products.");
        for ((entrance, client, complexity, outcome), count) in &counters.requests {
            let (entrance, client) = (entrance.name(), client.name());
            let (complexity, outcome) = (complexity.name(), outcome.name());
            let _ = writeln!(
                text,
                "nearside_vo_requests_total{{entrance=\"{entrance}\",client=\"{client}\",complexity=\"{complexity}\",\
                 outcome=\"{outcome}\"}} {count}"
            );
        }
        head(&mut text, "nearside_vo_answer_seconds", "histogram", "Time until an answer begins.");
        for (entrance, histogram) in &counters.elapsed {
            histogram.write(entrance.name(), &mut text);
        }
        head(
            &mut text,
            "nearside_vo_requests_not_kept_total",
            "counter",
            "Requests missing in usage.queries.",
        );
        let _ = writeln!(text, "nearside_vo_requests_not_kept_total {lost}");
        text
    }
}

impl Histogram {
    fn write(&self, entrance: &str, text: &mut String) {
        const NAME: &str = "nearside_vo_answer_seconds";
        let bounds = BOUNDS_MS.map(|bound| seconds(bound).to_string());
        let bounds = bounds.iter().map(String::as_str).chain(["+Inf"]);
        for (bound, count) in bounds.zip(self.buckets) {
            let _ = writeln!(text, "{NAME}_bucket{{entrance=\"{entrance}\",le=\"{bound}\"}} {count}");
        }
        let all = self.buckets[BOUNDS_MS.len()];
        let _ = writeln!(text, "{NAME}_sum{{entrance=\"{entrance}\"}} {}", seconds(self.sum_ms));
        let _ = writeln!(text, "{NAME}_count{{entrance=\"{entrance}\"}} {all}");
    }
}

fn seconds(ms: i64) -> f64 {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default()).as_secs_f64()
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// `GET /metrics`: for operators, who give Prometheus a token or a password.
pub(crate) async fn document(State(app): State<App>, caller: Caller) -> Result<Response, Answer> {
    access::demand_operator(&app, &caller)?;
    Ok(dali::document(MEDIA_TYPE, app.metrics.text(app.ledger.lost())))
}

#[cfg(test)]
mod tests {
    use super::super::origin::Origin;
    use super::*;

    #[test]
    fn buckets_hold_everything_below_their_bound() {
        let metrics = Metrics::default();
        for elapsed_ms in [1, 20, 21, 90_000] {
            let origin = Origin { entrance: Entrance::Cone, client: Client::Stilts, version: "3.4".into() };
            let (complexity, outcome) = (Complexity::Region, Outcome::Answered);
            metrics.add(&Counted { at: 0, origin, complexity, outcome, elapsed_ms });
        }
        let text = metrics.text(3);
        for line in [
            "nearside_vo_requests_total{entrance=\"cone\",client=\"stilts\",complexity=\"region\",outcome=\"answered\"} 4",
            "nearside_vo_answer_seconds_bucket{entrance=\"cone\",le=\"0.005\"} 1",
            "nearside_vo_answer_seconds_bucket{entrance=\"cone\",le=\"0.02\"} 2",
            "nearside_vo_answer_seconds_bucket{entrance=\"cone\",le=\"60\"} 3",
            "nearside_vo_answer_seconds_bucket{entrance=\"cone\",le=\"+Inf\"} 4",
            "nearside_vo_answer_seconds_sum{entrance=\"cone\"} 90.042",
            "nearside_vo_answer_seconds_count{entrance=\"cone\"} 4",
            "nearside_vo_requests_not_kept_total 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
