//! Defects in what the controller sees and in what it decides.

use std::sync::Arc;

use api::resources::lab::{Claim, Phase};
use api::resources::names;
use controller::Config;
use controller::controller::Decisions;
use controller::lab::observed::{Claimant, HomeSeen, Observed};
use controller::lab::plan::{Plan, Step, plan};
use jiff::Timestamp;
use kube::ResourceExt as _;

use super::Defect;

/// The controller's decisions with `defect`.
pub fn with(defect: Defect) -> Decisions {
    Decisions {
        lab: Arc::new(move |observed: &Observed, config: &Config, now: Timestamp| {
            let mut seen = observed.clone();
            distort(defect, &mut seen, now);
            let mut plan = plan(&seen, config, now);
            spoil(defect, observed, &mut plan);
            plan
        }),
    }
}

/// A wrong view.
fn distort(defect: Defect, seen: &mut Observed, now: Timestamp) {
    match defect {
        Defect::HomeByName => {
            if let Some(owner) = &mut seen.lab.spec.owner {
                owner.account = owner.name.clone();
            }
            if let HomeSeen::Unread | HomeSeen::Absent = seen.home {
            } else {
                seen.home = HomeSeen::Unread;
            }
        }
        Defect::HomeUnchecked => {
            if let HomeSeen::Present(_) = seen.home {
                seen.home = HomeSeen::Unread;
            }
        }
        Defect::OwnerUnchecked => {
            let uid = seen.lab.uid().unwrap_or_default();
            if let Some(owners) = seen.pod.as_mut().and_then(|pod| pod.metadata.owner_references.as_mut()) {
                owners.iter_mut().for_each(|owner| owner.uid = uid.clone());
            }
        }
        Defect::RemovesStrangers => {
            if let Some(pod) = &mut seen.pod {
                pod.labels_mut().insert(names::MANAGED_BY.to_owned(), names::MANAGER.to_owned());
            }
        }
        Defect::WarmWithoutClaim => {
            let claim = Claim { lab: seen.lab.name_any(), uid: seen.lab.uid().unwrap_or_default() };
            if let Some(warm) = &mut seen.warm {
                warm.lab.spec.claim = Some(claim);
            }
        }
        Defect::WarmLeftRunning
            if !seen.lab.spec.running || seen.lab.metadata.deletion_timestamp.is_some() =>
        {
            seen.warm = None;
        }
        Defect::WarmOutlivesClaimant if seen.claimant == Claimant::Gone => seen.claimant = Claimant::Present,
        Defect::StopIgnored => seen.lab.spec.running = true,
        Defect::DeletionIgnored => seen.lab.metadata.deletion_timestamp = None,
        Defect::ReleasedAtOnce if seen.lab.metadata.deletion_timestamp.is_some() => seen.pod = None,
        Defect::LostCountsAsGone => {
            let lost = |at: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Time| {
                now.duration_since(at.0).as_secs() > 60
            };
            if seen.pod.as_ref().is_some_and(|pod| pod.metadata.deletion_timestamp.as_ref().is_some_and(lost))
            {
                // Seen as ordinary, so that it is ended again; `wire` does that by force.
                if let Some(pod) = &mut seen.pod {
                    pod.metadata.deletion_timestamp = None;
                    pod.status = None;
                }
                seen.lab.spec.running = false;
            }
        }
        _ => {}
    }
}

/// A wrong decision.
fn spoil(defect: Defect, observed: &Observed, plan: &mut Plan) {
    match defect {
        Defect::NoSecret => plan.steps.retain(|step| !matches!(step, Step::MakeSecret(_))),
        Defect::NoPolicy => plan.steps.retain(|step| !matches!(step, Step::ApplyPolicy(_))),
        Defect::PodBeforeSecret => plan.steps.reverse(),
        Defect::NeverReleased => plan.steps.retain(|step| !matches!(step, Step::Release(_))),
        Defect::ReleasesForOthers => {
            for step in &mut plan.steps {
                if let Step::Release(finalizers) = step {
                    finalizers.clear();
                }
            }
        }
        Defect::HomeOwnedByLab => {
            for step in &mut plan.steps {
                if let Step::MakeHome(home) = step {
                    let uid = observed.lab.uid().unwrap_or_default();
                    home.metadata.owner_references = Some(vec![owner(&observed.lab.name_any(), uid)]);
                }
            }
        }
        Defect::ImpatientRestart => {
            let silent = plan.status.as_ref().is_some_and(|status| status.phase == Phase::Starting);
            if let (true, true, Some(pod)) = (silent, was_ready(observed), &observed.pod) {
                plan.steps = vec![Step::EndPod { name: pod.name_any(), uid: pod.uid().unwrap_or_default() }];
            }
        }
        Defect::EndedLeftLying if observed.pod.as_ref().is_some_and(ended) => plan.steps.clear(),
        Defect::StatusOnlyOnce if was_ready(observed) => plan.status = None,
        _ => {}
    }
}

fn was_ready(observed: &Observed) -> bool {
    observed.lab.status.as_ref().is_some_and(|status| status.phase == Phase::Ready)
}

fn ended(pod: &k8s_openapi::api::core::v1::Pod) -> bool {
    pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Failed"))
}

fn owner(name: &str, uid: String) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference {
        api_version: names::api_version(),
        kind: "Lab".to_owned(),
        name: name.to_owned(),
        uid,
        controller: Some(true),
        block_owner_deletion: None,
    }
}
