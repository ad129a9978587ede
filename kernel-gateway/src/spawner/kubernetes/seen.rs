//! The labs of the cluster, as far as the gateway has heard of them.

use std::collections::HashMap;

use super::key::LabKey;
use super::lab::{Lab, Owner};
use crate::secrets;

/// Everything that was heard, by the name of the lab. Warm labs, which nobody owns, are passed over.
pub struct Seen {
    key: LabKey,
    labs: HashMap<String, Lab>,
    /// Digests of the secrets by which labs ask for tokens, and the names of the labs.
    by_secret: HashMap<String, String>,
}

impl Seen {
    /// Nothing yet.
    pub fn new(key: LabKey) -> Self {
        Self { key, labs: HashMap::new(), by_secret: HashMap::new() }
    }

    /// The lab of this name.
    pub fn get(&self, name: &str) -> Option<&Lab> {
        self.labs.get(name)
    }

    /// Whose labs run or come to run.
    pub fn alive(&self) -> impl Iterator<Item = Owner> {
        self.labs.values().filter(|lab| lab.is_alive()).filter_map(|lab| lab.spec.owner.clone())
    }

    /// Whose lab that shall run has the secret with this digest.
    pub fn owner_of(&self, digest: &str) -> Option<Owner> {
        let lab = self.labs.get(self.by_secret.get(digest)?)?;
        lab.spec.owner.clone().filter(|_| lab.is_wanted())
    }

    /// This is how a lab is now.
    pub fn put(&mut self, lab: Lab) {
        self.remove(&lab.metadata.name);
        if lab.spec.owner.as_ref().is_some_and(|owner| owner.account == lab.metadata.name) {
            self.by_secret.insert(self.digest(&lab), lab.metadata.name.clone());
            self.labs.insert(lab.metadata.name.clone(), lab);
        }
    }

    /// A lab is gone.
    pub fn remove(&mut self, name: &str) {
        if let Some(lab) = self.labs.remove(name) {
            self.by_secret.remove(&self.digest(&lab));
        }
    }

    /// Forgets what is not in `others`, and takes over the rest.
    pub fn replace(&mut self, others: Self) {
        *self = others;
    }

    /// Nothing, with the same key.
    pub fn empty(&self) -> Self {
        Self::new(self.key.clone())
    }

    fn digest(&self, lab: &Lab) -> String {
        secrets::digest(&self.key.lab_secret(lab.secret_uid()))
    }
}
