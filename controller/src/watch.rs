//! Follows one kind of object: lists all, then hears of every change, for ever.
//!
//! What was listed is never trusted to be the present. A watch that ends is resumed where it was; one that the server
//! no longer remembers (410) starts from a new list; one that is silent beyond the time at which the server must have
//! closed it is taken for stalled and opened again.

use std::fmt::Debug;
use std::pin::pin;

use futures::TryStreamExt as _;
use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use kube::{Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use crate::backoff;
use crate::clock::{Clock, within};
use crate::config::Limits;
use crate::error::ClusterError;

/// A watch that could not be opened so many times in a row starts from a new list.
const RELIST_AFTER_FAILURES: u32 = 4;

/// What a watch tells.
pub enum Change<K> {
    /// These are all; what is missing is gone.
    All(Vec<K>),
    /// This one is new or different.
    Applied(K),
    /// This one is gone.
    Deleted(K),
    /// Nothing happened, and the server says so.
    Alive,
}

/// One kind of object to follow.
pub struct Watch<'a, K> {
    /// Its name in messages.
    pub what: &'static str,
    /// Where it is read.
    pub api: Api<K>,
    /// Which objects.
    pub labels: Option<&'static str>,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Pages, patience.
    pub limits: Limits,
}

impl<K> Watch<'_, K>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    /// Tells of every change. Returns never.
    pub async fn follow(&self, mut tell: impl FnMut(Change<K>)) {
        let mut failures = 0;
        let mut version = None;
        loop {
            let mut heard = false;
            let mut hear = |change| {
                heard = true;
                tell(change);
            };
            let outcome = match &mut version {
                Some(version) => self.watch(version, &mut hear).await,
                None => self.list().await.map(|(objects, listed)| {
                    hear(Change::All(objects));
                    version = Some(listed);
                }),
            };
            let Err(error) = outcome else { continue };
            tracing::debug!(kind = self.what, %error, "the watch of {} starts again", self.what);
            failures = if heard { 1 } else { failures + 1 };
            // A server that was restored from a backup may not have come to our version yet, and may not say so.
            if error.is_forgotten() || failures >= RELIST_AFTER_FAILURES {
                version = None;
            }
            self.clock.sleep(backoff::pause(&self.what, failures)).await;
        }
    }

    /// All pages, or an error: part of a list is never taken for the whole.
    async fn list(&self) -> Result<(Vec<K>, String), ClusterError> {
        let what = format!("list {}", self.what);
        let mut objects = Vec::new();
        let mut params =
            ListParams { label_selector: self.labels.map(str::to_owned), ..ListParams::default() };
        params = params.limit(self.limits.page);
        loop {
            let page = within(self.clock, self.limits.call, self.api.list(&params)).await;
            let page = page
                .ok_or_else(|| ClusterError::Unclear { what: what.clone(), source: None })?
                .map_err(|error| ClusterError::of(&what, error))?;
            objects.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok((objects, page.metadata.resource_version.unwrap_or_default())),
            }
        }
    }

    /// One watch from `version` on, until the server closes it. Afterwards `version` is the one to resume from.
    async fn watch(
        &self,
        version: &mut String,
        tell: &mut impl FnMut(Change<K>),
    ) -> Result<(), ClusterError> {
        let what = format!("watch {}", self.what);
        let mut params =
            WatchParams { label_selector: self.labels.map(str::to_owned), ..WatchParams::default() };
        params = params.timeout(self.limits.watch.as_secs() as u32);
        let patience = self.limits.watch + self.limits.watch_grace;
        let followed = within(self.clock, patience, async {
            let mut events = pin!(self.api.watch(&params, version).await?);
            while let Some(event) = events.try_next().await? {
                if let Some(newer) = heard(event, tell)? {
                    *version = newer;
                }
            }
            Ok(())
        });
        match followed.await {
            Some(outcome) => outcome.map_err(|error| ClusterError::of(&what, error)),
            // Stalled. The version is still good: what was missed is told from there.
            None => Ok(()),
        }
    }
}

/// Tells one event. Gives the version after it.
fn heard<K: Resource + Clone>(
    event: WatchEvent<K>,
    tell: &mut impl FnMut(Change<K>),
) -> Result<Option<String>, kube::Error> {
    match event {
        WatchEvent::Added(object) | WatchEvent::Modified(object) => {
            let version = object.resource_version();
            tell(Change::Applied(object));
            Ok(version)
        }
        WatchEvent::Deleted(object) => {
            let version = object.resource_version();
            tell(Change::Deleted(object));
            Ok(version)
        }
        WatchEvent::Bookmark(bookmark) => {
            tell(Change::Alive);
            Ok(Some(bookmark.metadata.resource_version))
        }
        WatchEvent::Error(status) => Err(kube::Error::Api(status)),
    }
}
