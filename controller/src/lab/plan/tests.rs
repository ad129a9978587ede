//! Decisions, one situation each.

use std::sync::Arc;

use api::resources::lab::{Phase, Queue};
use api::resources::{Environment, Lab};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::{Plan, Step, plan, refused};
use crate::config::{Config, LabKey, Limits, PodSettings};
use crate::lab::observed::{Claimant, HomeSeen, Observed};
use crate::lab::turn::Turn;

fn config() -> Config {
    let pods = PodSettings {
        agent_image: "agent@sha256:bb".to_owned(),
        flight_url: "grpc://flight:8815".to_owned(),
        token_url: "http://gateway/api/lab/token".to_owned(),
        lab_key: LabKey(b"tests".to_vec()),
        user_namespaces: false,
        uid: 1000,
        priority_class: None,
        grace_seconds: 20,
    };
    Config { namespace: "labs".to_owned(), pods, limits: Limits::default() }
}

fn lab(change: impl FnOnce(&mut Value)) -> Lab {
    let mut lab = json!({"apiVersion": "nearside.dev/v1alpha1", "kind": "Lab",
        "metadata": {"name": "maria", "uid": "uid-1", "generation": 3},
        "spec": {"owner": {"name": "maria", "account": "acc-1"}, "environment": "science", "size": "small",
                 "baseUrl": "/user/maria/"}});
    change(&mut lab);
    serde_json::from_value(lab).expect("the lab is well formed")
}

fn pod(status: Value) -> Pod {
    let pod = json!({"metadata": {"name": "lab-maria", "uid": "pod-1",
            "labels": {"app.kubernetes.io/managed-by": "nearside-controller"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Lab", "name": "maria", "uid": "uid-1"}]},
        "status": status});
    serde_json::from_value(pod).expect("the pod is well formed")
}

fn observed(lab: Lab, pod: Option<Pod>) -> Observed {
    let environment: Environment = serde_json::from_value(json!({
        "apiVersion": "nearside.dev/v1alpha1", "kind": "Environment", "metadata": {"name": "science"},
        "spec": {"displayName": "Science", "image": "lab@sha256:aa", "defaultSize": "small",
                 "sizes": [{"name": "small", "cpu": "1", "memory": "1Gi"}]}}))
    .expect("the environment is well formed");
    Observed {
        lab,
        environment: Some(Arc::new(environment)),
        pod,
        home: HomeSeen::Unread,
        warm: None,
        proposal: None,
        claimant: Claimant::None,
        turn: Turn::Now,
    }
}

fn decide(observed: &Observed) -> Plan {
    plan(observed, &config(), Timestamp::UNIX_EPOCH)
}

fn said(plan: &Plan) -> (Phase, &str) {
    let status = plan.status.as_ref().expect("something is said");
    (status.phase, status.message.as_str())
}

fn names(plan: &Plan) -> Vec<&'static str> {
    let name = |step: &Step| match step {
        Step::Hold { .. } => "hold",
        Step::Release(_) => "release",
        Step::Unbind => "unbind",
        Step::Claim(..) => "claim",
        Step::MakeHome(_) => "home",
        Step::MakeSecret(_) => "secret",
        Step::ApplyPolicy(_) => "policy",
        Step::MakePod(_) => "pod",
        Step::EndPod { .. } => "end pod",
        Step::EndLab { .. } => "end lab",
    };
    plan.steps.iter().map(name).collect()
}

#[test]
fn a_new_lab_is_held_before_anything_is_made_for_it() {
    let plan = decide(&observed(lab(|_| {}), None));
    assert_eq!(names(&plan), ["hold", "secret", "pod"]);
    assert_eq!(said(&plan), (Phase::Starting, "looking for a node with room"));
}

#[test]
fn a_missing_environment_is_named() {
    let mut observed = observed(lab(|_| {}), None);
    observed.environment = None;
    let plan = decide(&observed);
    assert_eq!(names(&plan), Vec::<&str>::new());
    assert_eq!(said(&plan), (Phase::Failed, "the environment science does not exist: choose another"));
}

#[test]
fn a_lab_that_must_wait_hears_its_place_and_time() {
    let mut observed = observed(lab(|_| {}), None);
    let queue = Queue { position: 12, eta_seconds: 30 };
    observed.turn = Turn::Wait(queue.clone());
    let plan = decide(&observed);
    assert_eq!(plan.status.and_then(|status| status.queue), Some(queue));
    assert!(plan.steps.is_empty());
}

#[test]
fn a_pod_that_answers_is_reported_with_its_own_address() {
    let ready = json!({"phase": "Running", "podIP": "198.18.0.9", "conditions": [{"type": "Ready", "status": "True"}]});
    let plan = decide(&observed(lab(|_| {}), Some(pod(ready))));
    let status = plan.status.expect("something is said");
    assert_eq!(status.address.as_deref(), Some("198.18.0.9:8888"));
    assert_eq!((status.pod_uid.as_deref(), status.secret_uid.as_deref()), (Some("pod-1"), Some("uid-1")));
    assert_eq!((status.phase, status.observed_generation), (Phase::Ready, Some(3)));
}

#[test]
fn an_image_that_cannot_be_fetched_becomes_a_sentence() {
    let waiting = json!({"phase": "Pending", "containerStatuses": [{"name": "lab", "image": "lab@sha256:aa", "imageID": "",
        "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]});
    let plan = decide(&observed(lab(|_| {}), Some(pod(waiting))));
    let words =
        "the node cannot fetch the image lab@sha256:aa: not found. An operator must correct the environment";
    assert_eq!(said(&plan), (Phase::Starting, words));
}

#[test]
fn a_pod_of_the_same_name_that_others_made_is_left_alone() {
    let mut stranger = pod(json!({}));
    stranger.metadata.labels = None;
    stranger.metadata.owner_references = None;
    let plan = decide(&observed(lab(|_| {}), Some(stranger)));
    assert_eq!((names(&plan), said(&plan).0), (Vec::new(), Phase::Failed));
}

#[test]
fn a_deleted_lab_ends_its_pod_and_goes_only_after_it() {
    let deleted = |lab: &mut Value| {
        lab["metadata"]["deletionTimestamp"] = json!("1970-01-01T00:00:00Z");
        lab["metadata"]["finalizers"] = json!(["nearside.dev/lab", "backup.example.org/keep"]);
    };
    let running = observed(lab(deleted), Some(pod(json!({"phase": "Running"}))));
    assert_eq!(names(&decide(&running)), ["end pod"]);
    let plan = decide(&observed(lab(deleted), None));
    let [Step::Release(left)] = plan.steps.as_slice() else { panic!("released once: {:?}", names(&plan)) };
    assert_eq!(left, &["backup.example.org/keep"]);
}

#[test]
fn a_full_quota_is_waited_for() {
    let plan = refused(&lab(|_| {}), "exceeded quota: labs", &config(), Timestamp::UNIX_EPOCH);
    assert_eq!(said(&plan).0, Phase::Queued);
    assert_eq!(plan.again, Some(Limits::default().refused));
}
