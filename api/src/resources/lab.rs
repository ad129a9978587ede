//! `Lab`: one person's running environment, or a warm one that waits for a person.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::Amount;

/// Who, where, how large, and whether it should run.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "nearside.dev",
    version = "v1alpha1",
    kind = "Lab",
    namespaced,
    category = "nearside",
    status = "LabStatus",
    derive = "PartialEq",
    doc = "One person's running environment.",
    printcolumn = r#"{"name":"Owner","type":"string","jsonPath":".spec.owner.name"}"#,
    printcolumn = r#"{"name":"Environment","type":"string","jsonPath":".spec.environment"}"#,
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.message","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = Rule::new("self.metadata.name.size() <= 48").message("the name of a lab has at most 48 characters, because its pod and secret are named after it"),
    validation = Rule::new("!self.metadata.name.contains('.')").message("the name of a lab has no dots, because it becomes a host name"),
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("self.environment == oldSelf.environment").message("the environment of a lab cannot be changed: delete the lab and start another"),
    validation = Rule::new("self.size == oldSelf.size || !oldSelf.running").message("the size of a running lab cannot be changed: stop it first"),
    validation = Rule::new("!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)").message("a lab keeps its owner for ever: start another lab for another person"),
    validation = Rule::new("has(self.home) == has(oldSelf.home) && (!has(self.home) || self.home == oldSelf.home)").message("the home of a lab cannot be changed: delete the lab and start another; the volume stays"),
    validation = Rule::new("!has(self.home) || has(self.owner)").message("only a lab with an owner has a home on a volume: leave home out of warm labs"),
    validation = Rule::new("!has(oldSelf.claim) || (has(self.claim) && self.claim == oldSelf.claim)").message("a warm lab is claimed once"),
    validation = Rule::new("self.ownPod || !oldSelf.ownPod").message("a lab that runs in a pod of its own goes on doing so"),
    validation = Rule::new("!self.ownPod || !has(self.warm)").message("a lab runs in a pod of its own or in that of a warm lab, not in both"),
    validation = Rule::new("!has(self.claim) || !has(self.owner)").message("a lab with an owner cannot be claimed as a warm one")
)]
pub struct LabSpec {
    /// Whose lab it is; absent for a warm lab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// The Environment it runs, in the same namespace.
    #[schemars(length(min = 1, max = 40))]
    pub environment: String,
    /// One of the environment's sizes.
    #[schemars(length(min = 1, max = 40))]
    pub size: String,
    /// The path under which the browser sees it, with slashes at both ends.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("self.startsWith('/') && self.endsWith('/')").message("baseUrl starts and ends with a slash, as in /user/maria/"))]
    pub base_url: String,
    /// A volume that outlives the lab; without one, files live as long as the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
    /// When it ends by itself.
    #[serde(default)]
    pub idle: Idle,
    /// What it may reach besides the data services and DNS.
    #[serde(default)]
    pub network: Network,
    /// Whether it should run. A stopped lab keeps its home.
    #[serde(default = "yes")]
    pub running: bool,
    /// Whether the lab has chosen to run in a pod of its own. Set by the controller, and never taken back: a create that
    /// is still on its way could otherwise meet a warm lab that was taken in between.
    #[serde(default)]
    pub own_pod: bool,
    /// The warm lab whose pod this lab uses instead of one of its own. Set by the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 48))]
    pub warm: Option<String>,
    /// The lab that took this warm lab. Set by the controller, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

fn yes() -> bool {
    true
}

/// A person: the name that others see, and the account behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Owner {
    /// The name under which the person signs in.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$')").message("a user name has lower-case letters, digits, '.', '_' and '-', and starts and ends with a letter or digit"))]
    pub name: String,
    /// The account: never given to anybody else, not even when the name is.
    #[schemars(length(min = 1, max = 48))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')").message("an account identifier has lower-case letters, digits and '-', because the home volume is named after it"))]
    pub account: String,
}

/// A volume for a person's files, shared by all labs of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Home {
    /// How large, when it is made.
    pub size: Amount,
    /// From which StorageClass; the cluster's default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class: Option<String>,
}

/// When a lab ends without being told to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Idle {
    /// Seconds without work before it is stopped; 0 never does.
    #[serde(default = "an_hour")]
    #[schemars(range(max = 2_592_000))]
    pub cull_after_seconds: u32,
    /// Seconds after which the pod ends whatever it does; 0 means no such end.
    #[serde(default)]
    #[schemars(range(max = 31_536_000))]
    pub max_age_seconds: u32,
}

fn an_hour() -> u32 {
    3600
}

impl Default for Idle {
    fn default() -> Self {
        Self { cull_after_seconds: an_hour(), max_age_seconds: 0 }
    }
}

/// Destinations that are allowed on top of the data services and DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// Address ranges with their ports. Metadata addresses are never let through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub allow: Vec<Destination>,
}

/// One range of addresses and one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Destination {
    /// As in `192.0.2.0/24`.
    #[schemars(length(max = 43))]
    #[x_kube(validation = Rule::new("isCIDR(self)").message("cidr must be a range of addresses, as in 192.0.2.0/24"))]
    pub cidr: String,
    /// The TCP port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
}

/// Which lab took a warm one. Both, because a name can be used again and a UID cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// The lab's name.
    #[schemars(length(min = 1, max = 48))]
    pub lab: String,
    /// The lab's UID.
    #[schemars(length(min = 1, max = 64))]
    pub uid: String,
}

/// Where a lab is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Waits for its turn or for room.
    #[default]
    Queued,
    /// The pod exists and does not answer yet.
    Starting,
    /// Answers at its address.
    Ready,
    /// The pod is being ended.
    Stopping,
    /// Has no pod, as it was told.
    Stopped,
    /// Its node does not answer; nothing is started elsewhere until the old pod is certainly gone.
    Lost,
    /// Cannot start; the message says why and what to do.
    Failed,
}

/// What the controller last saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabStatus {
    /// The generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where it is on its way.
    #[serde(default)]
    pub phase: Phase,
    /// One sentence for the person who waits.
    #[serde(default)]
    pub message: String,
    /// Host and port of the agent, while `phase` is `Ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The pod behind the address: whoever talks to the address checks that this has not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_uid: Option<String>,
    /// The lab whose secret that pod knows: this one, or the warm one it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_uid: Option<String>,
    /// Its place among the labs that wait, while `phase` is `Queued`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Pods in a row that ended by themselves.
    #[serde(default)]
    pub failures: u32,
    /// When the next pod is tried, after one that ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Time>,
    /// `Ready`: the lab answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// A place among the labs that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    /// 1 is next.
    pub position: u32,
    /// Seconds until its turn, at the configured rate.
    pub eta_seconds: u32,
}
