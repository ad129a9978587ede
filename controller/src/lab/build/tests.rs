//! Whole objects, compared with files that are read in review. `UPDATE_GOLDEN=1` writes them anew.

use std::path::PathBuf;

use serde::Serialize;

use super::{Blueprint, volume};
use crate::config::{LabKey, PodSettings};
use api::resources::{Environment, Lab};

/// Every name differs, so that two that are swapped are noticed.
const LAB: &str = r#"{"apiVersion": "nearside.dev/v1alpha1", "kind": "Lab",
    "metadata": {"name": "maria-main", "namespace": "labs", "uid": "5a1ab000-0000-4000-8000-000000000001"},
    "spec": {"owner": {"name": "maria", "account": "acc-77"}, "environment": "science", "size": "small",
             "baseUrl": "/user/maria/", "home": {"size": "10Gi", "storageClass": "fast"},
             "idle": {"maxAgeSeconds": 86400},
             "network": {"allow": [{"cidr": "192.0.2.0/24", "port": 443}, {"cidr": "0.0.0.0/0", "port": 80}]}}}"#;

const ENVIRONMENT: &str = r#"{"apiVersion": "nearside.dev/v1alpha1", "kind": "Environment",
    "metadata": {"name": "science", "namespace": "labs"},
    "spec": {"displayName": "Science", "image": "registry.example.org/lab@sha256:aa", "python": "/opt/python3",
             "sizes": [{"name": "large", "cpu": "8", "memory": "32Gi"},
                       {"name": "small", "cpu": "500m", "memory": "2Gi", "disk": "3Gi"}],
             "defaultSize": "small", "runtimeClass": "gvisor", "nodeSelector": {"pool": "labs"}}}"#;

fn settings() -> PodSettings {
    PodSettings {
        agent_image: "registry.example.org/agent@sha256:bb".to_owned(),
        flight_url: "grpc://flight.nearside:8815".to_owned(),
        token_url: "http://gateway.nearside/api/lab/token".to_owned(),
        lab_key: LabKey(b"a key for tests".to_vec()),
        user_namespaces: true,
        uid: 1000,
        priority_class: Some("nearside-labs".to_owned()),
        grace_seconds: 20,
    }
}

fn with_blueprint(check: impl FnOnce(Blueprint<'_>)) {
    let lab: Lab = serde_json::from_str(LAB).expect("the lab is well formed");
    let environment: Environment = serde_json::from_str(ENVIRONMENT).expect("the environment is well formed");
    let pods = settings();
    let size = &environment.spec.sizes[1];
    check(Blueprint { lab: &lab, environment: &environment, size, pods: &pods });
}

fn assert_golden(name: &str, object: &impl Serialize) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let text = serde_json::to_string_pretty(object).expect("objects are JSON") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file can be read");
    assert_eq!(text, golden, "{name} differs; UPDATE_GOLDEN=1 writes it anew, if the change is meant");
}

#[test]
fn a_lab_becomes_exactly_this_pod() {
    with_blueprint(|blueprint| assert_golden("pod.json", &blueprint.pod()));
}

#[test]
fn a_lab_becomes_exactly_this_secret() {
    with_blueprint(|blueprint| assert_golden("secret.json", &blueprint.secret()));
}

#[test]
fn a_lab_becomes_exactly_this_network_policy() {
    with_blueprint(|blueprint| assert_golden("policy.json", &blueprint.policy()));
}

#[test]
fn an_account_becomes_exactly_this_home() {
    with_blueprint(|blueprint| {
        let spec = &blueprint.lab.spec;
        let (owner, home) = spec.owner.as_ref().zip(spec.home.as_ref()).expect("the lab has both");
        assert_golden("home.json", &volume(owner, home));
    });
}

#[test]
fn two_labs_of_one_name_have_different_secrets() {
    let key = LabKey(b"key".to_vec());
    let secrets = [("agent", "uid-1"), ("agent", "uid-2"), ("lab", "uid-1")]
        .map(|(purpose, uid)| super::derived_secret(&key, purpose, uid));
    assert!(secrets[0] != secrets[1] && secrets[0] != secrets[2], "{secrets:?}");
}
