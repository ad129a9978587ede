//! The objects of a lab as typed values: a function of the lab, its environment and the settings, and of nothing else.

mod pod;
mod policy;
mod secret;
mod volume;

use std::collections::BTreeMap;

use api::resources::environment::Size;
use api::resources::{Environment, Lab, names};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{Resource as _, ResourceExt as _};

use crate::config::PodSettings;

pub use secret::derived_secret;
pub use volume::volume;

/// Everything that the objects of one lab are made from.
#[derive(Clone, Copy)]
pub struct Blueprint<'a> {
    /// The lab. Exists: its UID is known.
    pub lab: &'a Lab,
    /// What it runs.
    pub environment: &'a Environment,
    /// The size among those of the environment.
    pub size: &'a Size,
    /// What every lab gets.
    pub pods: &'a PodSettings,
}

impl Blueprint<'_> {
    fn uid(&self) -> String {
        self.lab.uid().unwrap_or_default()
    }

    /// Name, labels and owner of an object that ends with the lab.
    fn metadata(&self, name: String) -> ObjectMeta {
        ObjectMeta {
            name: Some(name),
            namespace: self.lab.namespace(),
            labels: Some(self.labels()),
            owner_references: Some(vec![self.owner()]),
            ..ObjectMeta::default()
        }
    }

    fn labels(&self) -> BTreeMap<String, String> {
        let label = |key: &str, value: String| (key.to_owned(), value);
        BTreeMap::from([
            label(names::MANAGED_BY, names::MANAGER.to_owned()),
            label(names::LAB_LABEL, self.lab.name_any()),
            label(names::ENVIRONMENT_LABEL, self.lab.spec.environment.clone()),
        ])
    }

    fn owner(&self) -> OwnerReference {
        OwnerReference {
            api_version: names::api_version(),
            kind: Lab::kind(&()).into_owned(),
            name: self.lab.name_any(),
            uid: self.uid(),
            controller: Some(true),
            block_owner_deletion: Some(false),
        }
    }
}

#[cfg(test)]
mod tests;
