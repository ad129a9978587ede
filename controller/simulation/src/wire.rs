//! Defects in what a controller sends and in what it makes of the answer.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::defects::Defect;
use crate::server::{Answered, Call, Verb};
use crate::store::Refusal;

/// Spoils a request.
pub fn on_request(defect: Defect, call: &mut Call, cluster: &Cluster) {
    let pods = call.plural == "pods";
    match (defect, &call.verb) {
        (Defect::RandomPodNames, Verb::Create) if pods => {
            call.name = format!("{}-{}", call.name, cluster.dice.number(0..1000));
            call.body["metadata"]["name"] = json!(call.name);
        }
        (Defect::PodWithoutOwner, Verb::Create) if pods => {
            call.body["metadata"]["ownerReferences"] = Value::Null
        }
        (Defect::SecretWithoutOwner, Verb::Create) if call.plural == "secrets" => {
            call.body["metadata"]["ownerReferences"] = Value::Null;
        }
        (Defect::PolicyWithoutOwner, Verb::Patch { .. }) if call.plural == "networkpolicies" => {
            if let Some(metadata) = call.body["metadata"].as_object_mut() {
                metadata.remove("ownerReferences");
            }
        }
        (Defect::DeleteWithoutUid, Verb::Delete) => call.body["preconditions"] = Value::Null,
        (Defect::DeleteByForce | Defect::LostCountsAsGone, Verb::Delete) if pods => {
            call.body["gracePeriodSeconds"] = json!(0);
        }
        (Defect::StaleReads, Verb::Get { .. }) => call.verb = Verb::Get { stale: true },
        (Defect::ChangeWithoutVersion, Verb::Patch { .. }) => {
            if let Some(metadata) = call.body["metadata"].as_object_mut() {
                metadata.remove("resourceVersion");
            }
        }
        (Defect::ResumeFromNow, Verb::Watch) => {
            let version = cluster.world().store.version().to_string();
            call.query.insert("resourceVersion".to_owned(), version);
        }
        _ => {}
    }
}

/// Spoils an answer.
pub fn on_answer(
    defect: Defect,
    call: &Call,
    answer: Result<Answered, Refusal>,
    cluster: &Cluster,
) -> Result<Answered, Refusal> {
    let failed = matches!(&answer, Err(refusal) if refusal.code >= 429);
    // As if it had worked: the object as it is.
    let pretended = || cluster.world().store.get(&call.plural, &call.name).cloned().map(Answered::One);
    let made = || Ok(Answered::One(Arc::new(call.body.clone())));
    match (defect, &call.verb) {
        (Defect::FailedReadIsAbsence, Verb::Get { .. }) if failed => {
            Err(Refusal::new(404, "NotFound", "not found"))
        }
        (Defect::FailedReportIsDone, Verb::Patch { status: true, .. })
        | (Defect::FailedDeleteIsDone, Verb::Delete)
            if failed =>
        {
            pretended().map_or(answer, Ok)
        }
        (Defect::FailedCreateIsDone, Verb::Create) if failed => made(),
        (Defect::LostRaceIsWon, Verb::Patch { .. }) if matches!(&answer, Err(refusal) if refusal.code == 409) => {
            pretended().map_or(answer, Ok)
        }
        (Defect::FirstPageIsAll, Verb::List { .. }) => answer.map(|answer| match answer {
            Answered::Page(mut page) => {
                page.more = None;
                Answered::Page(page)
            }
            one => one,
        }),
        (Defect::RefusedForEver, Verb::Create) => match answer {
            Err(refusal) if refusal.code == 403 => made(),
            answer => answer,
        },
        _ => answer,
    }
}
