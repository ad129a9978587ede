//! The custom resources of `nearside.dev/v1alpha1`: what operators declare and the controller makes true.
//!
//! Every rule that one object can break alone is a rule of its schema, so that the API server refuses it with a
//! sentence before anything acts on it. Rules between objects (does the environment exist?) are the controller's.
//! The committed YAML in `manifests/crds` is generated from these types by `controller definitions`.

pub mod environment;
pub mod lab;
pub mod names;
pub mod quantity;
pub mod status;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;

pub use environment::{Environment, EnvironmentSpec};
pub use lab::{Lab, LabSpec, LabStatus};

/// The API group of both.
pub const GROUP: &str = "nearside.dev";

/// The definitions to install, in the order in which they depend on each other.
pub fn definitions() -> [CustomResourceDefinition; 2] {
    [Environment::crd(), Lab::crd()]
}
