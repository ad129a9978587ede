//! Events of labs, for `kubectl describe` and whoever collects them: that one started, ended, or cannot start.
//!
//! The name of an event is made of what happened to which lab, so that two replicas tell it once.

use api::resources::lab::Phase;
use api::resources::names::{MANAGER, api_version};
use api::resources::{Lab, LabStatus};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::{Resource as _, ResourceExt as _};
use sha2::{Digest as _, Sha256};

/// Bytes of the digest in an event's name.
const DIGEST_BYTES: usize = 8;

/// What is worth telling of a status that is new; nothing of one that only says how far a start is.
pub fn of_status(lab: &Lab, status: &LabStatus, now: Timestamp) -> Option<Event> {
    let reason = |status: &LabStatus| {
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
        ready.map(|ready| ready.reason.clone()).unwrap_or_default()
    };
    let (new, old) = (reason(status), lab.status.as_ref().map(reason).unwrap_or_default());
    let (kind, reason) = match status.phase {
        Phase::Ready => ("Normal", "Started"),
        Phase::Stopped => ("Normal", "Stopped"),
        Phase::Failed | Phase::Lost => ("Warning", new.as_str()),
        Phase::Queued | Phase::Starting if ["Refused", "Restarting"].contains(&new.as_str()) => {
            ("Warning", new.as_str())
        }
        Phase::Queued | Phase::Starting | Phase::Stopping => return None,
    };
    let occasion = format!("{:?} {:?} {}", status.observed_generation, status.pod_uid, status.failures);
    let happened = Happening { kind, reason, message: &status.message, occasion: &occasion };
    (new != old).then(|| event(lab, &happened, now))
}

/// That a lab was stopped because nothing happened in it.
pub fn culled(lab: &Lab, idle_seconds: u64, now: Timestamp) -> Event {
    let message = format!("stopped, because nothing happened for {idle_seconds} seconds; the home is kept");
    let occasion = lab.resource_version().unwrap_or_default();
    event(lab, &Happening { kind: "Normal", reason: "Culled", message: &message, occasion: &occasion }, now)
}

/// Something that happened to a lab.
struct Happening<'a> {
    /// `Normal` or `Warning`.
    kind: &'a str,
    /// One word.
    reason: &'a str,
    /// One sentence.
    message: &'a str,
    /// What tells it from the same at another time.
    occasion: &'a str,
}

fn event(lab: &Lab, happened: &Happening<'_>, now: Timestamp) -> Event {
    let Happening { kind, reason, message, occasion } = *happened;
    let uid = lab.uid().unwrap_or_default();
    let digest = Sha256::digest(format!("{uid} {reason} {occasion}"));
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{}.{}", lab.name_any(), hex::encode(&digest[..DIGEST_BYTES]))),
            namespace: lab.namespace(),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some(api_version()),
            kind: Some(Lab::kind(&()).into_owned()),
            name: lab.metadata.name.clone(),
            namespace: lab.namespace(),
            uid: Some(uid),
            ..ObjectReference::default()
        },
        type_: Some(kind.to_owned()),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        source: Some(EventSource { component: Some(MANAGER.to_owned()), host: None }),
        first_timestamp: Some(Time(now)),
        last_timestamp: Some(Time(now)),
        count: Some(1),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use api::resources::status::{Verdict, with_condition};
    use serde_json::json;

    use super::*;

    fn status(phase: Phase, reason: &str) -> LabStatus {
        let verdict = Verdict { holds: phase == Phase::Ready, reason, message: "" };
        let conditions = with_condition(&[], "Ready", verdict, None, Timestamp::UNIX_EPOCH);
        LabStatus { phase, conditions, message: "in a sentence".to_owned(), ..LabStatus::default() }
    }

    fn told(before: Option<LabStatus>, now: &LabStatus) -> Option<(String, String)> {
        let spec = json!({"environment": "e", "size": "s", "baseUrl": "/u/"});
        let object = json!({"metadata": {"name": "maria", "uid": "1", "namespace": "labs"}, "spec": spec});
        let mut lab: Lab = serde_json::from_value(object).expect("a lab");
        lab.status = before;
        let event = of_status(&lab, now, Timestamp::UNIX_EPOCH)?;
        assert_eq!(event.message.as_deref(), Some("in a sentence"));
        Some((event.type_?, event.reason?))
    }

    #[test]
    fn a_start_a_failure_and_an_end_are_told_once_and_progress_is_not() {
        let words = |kind: &str, reason: &str| Some((kind.to_owned(), reason.to_owned()));
        let ready = status(Phase::Ready, "Ready");
        assert_eq!(told(None, &status(Phase::Starting, "Starting")), None);
        assert_eq!(told(Some(status(Phase::Starting, "Starting")), &ready), words("Normal", "Started"));
        assert_eq!(told(Some(ready.clone()), &ready), None);
        assert_eq!(told(Some(ready.clone()), &status(Phase::Failed, "Ended")), words("Warning", "Ended"));
        assert_eq!(told(Some(ready), &status(Phase::Starting, "Restarting")), words("Warning", "Restarting"));
        assert_eq!(told(None, &status(Phase::Stopped, "Stopped")), words("Normal", "Stopped"));
    }
}
