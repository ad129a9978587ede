//! Conditions, in the form that `kubectl wait` understands.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

/// `conditions` with the one of this type set, its transition time kept unless the status changed.
pub fn with_condition(
    conditions: &[Condition],
    type_: &str,
    verdict: Verdict<'_>,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let before = conditions.iter().find(|condition| condition.type_ == type_);
    let status = if verdict.holds { "True" } else { "False" };
    let since =
        before.filter(|before| before.status == status).map(|before| before.last_transition_time.clone());
    let condition = Condition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: verdict.reason.to_owned(),
        message: verdict.message.to_owned(),
        observed_generation: generation,
        last_transition_time: since.unwrap_or(Time(now)),
    };
    let mut others: Vec<_> = conditions.iter().filter(|other| other.type_ != type_).cloned().collect();
    others.push(condition);
    others.sort_by(|a, b| a.type_.cmp(&b.type_));
    others
}

/// What a condition says.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'a> {
    /// Whether it holds.
    pub holds: bool,
    /// One word for machines.
    pub reason: &'a str,
    /// One sentence for people.
    pub message: &'a str,
}
