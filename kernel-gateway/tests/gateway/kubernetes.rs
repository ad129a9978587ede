//! Labs as resources of a cluster, whose words are those of `cluster.rs`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use futures::StreamExt as _;
use kernel_gateway::config::{ApiServerConfig, HomeConfig, LabLimits};
use kernel_gateway::identity::Identity;
use kernel_gateway::spawner::{
    ClusterError, Ended, KubernetesSpawner, LabKey, Presence, SpawnError, Spawner,
};
use kernel_gateway::{Config, KubernetesSpawnerConfig, start};
use serde_json::json;
use tempfile::TempDir;

use crate::cluster::{Cluster, Fate};
use crate::contract::{self, Labs, Place, order};
use crate::harness::{eventually, name};

/// A cluster, and gateways that share their accounts.
struct Installation {
    cluster: Cluster,
    identity: Identity,
    _dir: TempDir,
}

impl Installation {
    async fn new(fate: Fate) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let identity = Identity::open(dir.path()).await.expect("an identity store");
        for user in ["maria", "caroline"] {
            identity.accounts().add(&name(user), None).await.expect("added");
        }
        Self { cluster: Cluster::start(fate).await, identity, _dir: dir }
    }

    fn config(&self) -> KubernetesSpawnerConfig {
        let url = format!("http://{}", self.cluster.addr).parse().expect("an address");
        KubernetesSpawnerConfig {
            api: ApiServerConfig { url, ca_file: None, token_file: None },
            namespace: "labs".into(),
            lab_key: LabKey::new(vec![7; 32]).expect("long enough"),
            environment: "science".into(),
            size: "small".into(),
            home: Some(HomeConfig { size: "10Gi".into(), storage_class: None }),
            cull_after_seconds: 600,
        }
    }

    async fn spawner(&self) -> KubernetesSpawner {
        let limits = LabLimits { start_within: Duration::from_secs(30), ..LabLimits::of_a_cluster() };
        KubernetesSpawner::open(self.config(), limits, self.identity.clone()).await.expect("a spawner")
    }

    async fn account(&self, user: &str) -> String {
        self.identity.accounts().id(&name(user)).await.expect("an account")
    }
}

struct OnACluster(Installation);

impl Place for OnACluster {
    async fn open(labs: Labs) -> (Self, Arc<dyn Spawner>) {
        let installation = Installation::new(match labs {
            Labs::Answer => Fate::Answers,
            Labs::Wait => Fate::Waits,
            Labs::Fail => Fate::Fails,
        });
        let installation = installation.await;
        let spawner = Arc::new(installation.spawner().await);
        (Self(installation), spawner)
    }

    async fn end(&self, user: &str) {
        let words = "the lab ended by itself; it starts again";
        self.0.cluster.report(&self.0.account(user).await, json!({"phase": "Starting", "message": words}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labs_on_a_cluster_keep_the_contract() {
    contract::holds::<OnACluster>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_is_declared_with_its_account_home_and_idle_policy_and_its_progress_is_told() {
    let here = Installation::new(Fate::Answers).await;
    let told = Mutex::new(Vec::new());
    let tell = |words| told.lock().expect("unpoisoned").push(words);
    let spawner = here.spawner().await;
    let running = spawner.start(&order("maria"), &tell).await.expect("a lab");
    let account = here.account("maria").await;
    let lab = here.cluster.lab(&account).expect("it is named after the account");
    let declared = json!({
        "owner": {"name": "maria", "account": account}, "environment": "science", "size": "small",
        "baseUrl": "/user/maria/", "home": {"size": "10Gi"}, "idle": {"cullAfterSeconds": 600}, "running": true,
        "ownPod": true,
    });
    assert_eq!(lab["spec"], declared);
    let uid = lab["metadata"]["uid"].as_str().expect("a UID");
    let key = here.config().lab_key;
    assert_eq!(running.agent_secret, key.agent_secret(uid));
    assert_eq!(spawner.owner_of(&key.lab_secret(uid)), Some(name("maria")));
    assert_eq!(spawner.owner_of(&key.lab_secret("another")), None);
    spawner.stop(&name("maria")).await;
    assert_eq!(spawner.owner_of(&key.lab_secret(uid)), None, "a stopped lab gets no tokens");
    let told = told.into_inner().expect("unpoisoned");
    assert!(told.iter().all(|words| words == "looking for a node with room"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gateway_finds_the_lab_and_neither_ends_it_by_going() {
    let here = Installation::new(Fate::Answers).await;
    let (first, second) = (here.spawner().await, here.spawner().await);
    let mut found = second.found();
    drop(first.start(&order("maria"), &drop).await.expect("a lab"));
    assert_eq!(found.next().await, Some(name("maria")));
    let running = second.resume(&order("maria"), &drop).await.expect("the same lab");
    drop(first);
    let third = here.spawner().await;
    assert_eq!(third.found().next().await, Some(name("maria")));
    third.stop(&name("maria")).await;
    assert_eq!(running.ended.await, Ended::Asked, "whoever asked");
    assert!(matches!(second.resume(&order("maria"), &drop).await, Err(SpawnError::Stopped)));
    assert_eq!(here.cluster.labs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_of_another_account_with_the_same_name_is_not_taken_up() {
    let here = Installation::new(Fate::Answers).await;
    let spawner = here.spawner().await;
    drop(spawner.start(&order("maria"), &drop).await.expect("a lab"));
    let elsewhere = tempfile::tempdir().expect("a directory");
    let identity = Identity::open(elsewhere.path()).await.expect("an identity store");
    identity.accounts().add(&name("maria"), None).await.expect("a namesake");
    identity.accounts().add(&name("caroline"), None).await.expect("added");
    let namesakes = KubernetesSpawner::open(here.config(), LabLimits::of_a_cluster(), identity).await;
    let namesakes = namesakes.expect("a spawner");
    let mut found = namesakes.found();
    drop(namesakes.start(&order("caroline"), &drop).await.expect("a lab"));
    assert_eq!(found.next().await, Some(name("caroline")), "and never the other maria's");
    assert_eq!(namesakes.state(&name("maria")), Presence::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_a_watch_is_broken_is_learned_from_a_new_list() {
    let here = Installation::new(Fate::Answers).await;
    let spawner = here.spawner().await;
    let running = spawner.start(&order("maria"), &drop).await.expect("a lab");
    here.cluster.forget();
    here.cluster.delete(&here.account("maria").await);
    assert_eq!(running.ended.await, Ended::Asked);
    drop(spawner.start(&order("maria"), &drop).await.expect("another lab"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_or_refuses_says_so_and_running_labs_go_on() {
    let here = Installation::new(Fate::Answers).await;
    let spawner = here.spawner().await;
    drop(spawner.start(&order("maria"), &drop).await.expect("a lab"));
    here.cluster.refuse(Some((StatusCode::SERVICE_UNAVAILABLE, "etcd is away")));
    let outcome = spawner.start(&order("caroline"), &drop).await.err();
    let said = outcome.map(|error| error.to_string());
    assert_eq!(said.as_deref(), Some("the cluster is busy (etcd is away): try again in a minute"));
    assert_eq!(spawner.state(&name("maria")), Presence::Present);
    here.cluster.refuse(Some((StatusCode::UNPROCESSABLE_ENTITY, "a lab keeps its owner for ever")));
    let outcome = spawner.start(&order("caroline"), &drop).await.err();
    assert!(matches!(outcome, Some(SpawnError::Cluster(ClusterError::Refused { .. }))), "{outcome:?}");
    here.cluster.refuse(None);
    drop(spawner.start(&order("caroline"), &drop).await.expect("a lab"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ends_leaves_its_labs_running() {
    let here = Installation::new(Fate::Answers).await;
    let config = Config::new(([127, 0, 0, 1], 0).into(), "grpc://127.0.0.1:1", here.config());
    let gateway = start(config, here.identity.clone()).await.expect("a gateway");
    gateway.start_lab(&name("maria"));
    let account = here.account("maria").await;
    let phase = || here.cluster.lab(&account).map(|lab| lab["status"]["phase"].clone());
    eventually("the lab answers", async || phase() == Some(json!("Ready"))).await;
    gateway.shutdown_and_wait().await;
    let lab = here.cluster.lab(&account).expect("it is there");
    assert_eq!((&lab["spec"]["running"], phase()), (&json!(true), Some(json!("Ready"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_manifests_grants_what_is_used_and_no_more() {
    let here = Installation::new(Fate::Answers).await;
    let spawner = here.spawner().await;
    drop(spawner.start(&order("maria"), &drop).await.expect("a lab"));
    spawner.stop(&name("maria")).await;
    drop(spawner.start(&order("maria"), &drop).await.expect("the lab again"));
    let manifest = include_str!("../../../manifests/base/rbac.yaml");
    let is_ours =
        |object: &&str| object.contains("kind: Role\n") && object.contains("name: nearside-gateway\n");
    let role = manifest.split("\n---\n").find(is_ours).expect("there is a Role");
    let granted: Vec<_> = role.lines().filter_map(|line| line.trim().strip_prefix("verbs: [")).collect();
    let [granted] = granted[..] else { panic!("labs are all that it is about: {granted:?}") };
    let mut granted: Vec<_> = granted.trim_end_matches(']').split(", ").collect();
    granted.sort_unstable();
    assert_eq!(granted, here.cluster.verbs());
    assert!(role.contains("resources: [labs]\n") && role.contains("namespace: nearside-labs\n"));
}
