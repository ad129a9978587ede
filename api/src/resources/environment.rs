//! `Environment`: an image and the sizes in which its labs may run.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::Amount;

/// What people choose from when they start a lab.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "nearside.dev",
    version = "v1alpha1",
    kind = "Environment",
    namespaced,
    shortname = "env",
    category = "nearside",
    derive = "PartialEq",
    doc = "An image and the sizes in which its labs may run.",
    printcolumn = r#"{"name":"Name","type":"string","jsonPath":".spec.displayName"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = Rule::new("self.metadata.name.size() <= 40").message("the name of an environment has at most 40 characters, because it becomes a label")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("self.sizes.exists(s, s.name == self.defaultSize)").message("defaultSize names none of the sizes: choose one that is listed"),
    validation = Rule::new("self.sizes.all(a, self.sizes.exists_one(b, a.name == b.name))").message("two sizes have one name: give each its own")
)]
pub struct EnvironmentSpec {
    /// What people read in the list.
    #[schemars(length(min = 1, max = 80))]
    pub display_name: String,
    /// The image by digest: a tag may be moved, and then two labs of one environment differ.
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$')").message("image must name a digest, as in registry.example.org/lab@sha256:...: tags can be moved to another image"))]
    pub image: String,
    /// The Python interpreter in the image that has ipykernel, and JupyterLab if people are to see it.
    #[serde(default = "python")]
    #[schemars(length(max = 256))]
    #[x_kube(validation = Rule::new("self.startsWith('/')").message("python must be an absolute path inside the image"))]
    pub python: String,
    /// What a lab may be given, from small to large.
    #[schemars(length(min = 1, max = 16))]
    pub sizes: Vec<Size>,
    /// The size for people who choose none.
    #[schemars(length(min = 1, max = 40))]
    pub default_size: String,
    /// A RuntimeClass such as gVisor's, for stronger isolation than the kernel's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub runtime_class: Option<String>,
    /// Labels that a node must have to run these labs.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    #[schemars(length(max = 16))]
    pub node_selector: std::collections::BTreeMap<String, String>,
}

fn python() -> String {
    "/usr/bin/python3".to_owned()
}

/// What one lab may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Size {
    /// The word by which people choose it.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,
    /// Processors: guaranteed and at most.
    pub cpu: Amount,
    /// Memory in bytes: guaranteed and at most.
    pub memory: Amount,
    /// Bytes of files outside the home.
    #[serde(default = "disk")]
    pub disk: Amount,
}

fn disk() -> Amount {
    "4Gi".into()
}
