//! Counters for Prometheus, in its text format (version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

/// Everything that is counted. Labels are words of this program, never names of people or labs.
#[derive(Default)]
pub struct Metrics {
    counts: Mutex<BTreeMap<Count, u64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    Call { verb: &'static str, outcome: &'static str },
    Reconcile { kind: &'static str, outcome: &'static str },
}

impl Metrics {
    /// Counts a call to the API server.
    pub fn called(&self, verb: &'static str, outcome: &'static str) {
        self.count(Count::Call { verb, outcome });
    }

    /// Counts a reconcile.
    pub fn reconciled(&self, kind: &'static str, outcome: &'static str) {
        self.count(Count::Reconcile { kind, outcome });
    }

    fn count(&self, what: Count) {
        *self.counts.lock().expect("nothing panics while it counts").entry(what).or_default() += 1;
    }

    /// Calls to the API server so far, watches apart.
    pub fn calls(&self) -> u64 {
        let counts = self.counts.lock().expect("nothing panics while it counts");
        counts.iter().filter(|(what, _)| matches!(what, Count::Call { .. })).map(|(_, count)| count).sum()
    }

    /// All counters, and `gauges` of name and value.
    pub fn page(&self, gauges: &[(&str, u64)]) -> String {
        let mut page = String::new();
        for (what, count) in &*self.counts.lock().expect("nothing panics while it counts") {
            let (name, label, value, outcome) = match what {
                Count::Call { verb, outcome } => ("nearside_api_calls_total", "verb", verb, outcome),
                Count::Reconcile { kind, outcome } => ("nearside_reconciles_total", "kind", kind, outcome),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(page, "{name}{{{label}=\"{value}\",outcome=\"{outcome}\"}} {count}");
        }
        for (name, value) in gauges {
            let _ = writeln!(page, "{name} {value}");
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_line_for_each_counter() {
        let metrics = Metrics::default();
        metrics.called("read", "ok");
        metrics.called("read", "ok");
        metrics.reconciled("Lab", "failed");
        let page = "nearside_api_calls_total{verb=\"read\",outcome=\"ok\"} 2\n\
                    nearside_reconciles_total{kind=\"Lab\",outcome=\"failed\"} 1\nnearside_queue 7\n";
        assert_eq!(metrics.page(&[("nearside_queue", 7)]), page);
        assert_eq!(metrics.calls(), 2);
    }
}
