//! Everything that a decision about one lab rests on, either as the watches told it or read again.

use std::sync::Arc;

use api::resources::names;
use api::resources::{Environment, Lab};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::ResourceExt as _;

use crate::controller::Controller;
use crate::error::ClusterError;
use crate::seen::Shelves;

use super::turn::{Turn, turn};

/// A lab and its surroundings.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The lab.
    pub lab: Lab,
    /// What it runs. From the watch: an old one is as good as a new one.
    pub environment: Option<Arc<Environment>>,
    /// The pod that has the name of this lab's pod, whoever made it.
    pub pod: Option<Pod>,
    /// The volume that has the name of the owner's home.
    pub home: HomeSeen,
    /// The warm lab that this lab has chosen, with its pod.
    pub warm: Option<WarmSeen>,
    /// A warm lab that this lab could choose. Only a proposal: it may be gone or taken.
    pub proposal: Option<Lab>,
    /// Whether the lab that claimed this warm lab is still there.
    pub claimant: Claimant,
    /// Whether it may start now.
    pub turn: Turn,
}

/// A home volume.
#[derive(Clone, Debug)]
pub enum HomeSeen {
    /// Nobody has looked, because nothing depends on it.
    Unread,
    /// There is none.
    Absent,
    /// This one.
    Present(Box<PersistentVolumeClaim>),
}

/// A warm lab and its pod.
#[derive(Clone, Debug)]
pub struct WarmSeen {
    /// The warm lab.
    pub lab: Lab,
    /// Its pod.
    pub pod: Option<Pod>,
}

/// The lab that claimed a warm lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimant {
    /// The lab is not a claimed one.
    None,
    /// There.
    Present,
    /// Gone, so that the warm lab belongs to nobody and must not be given to anybody else.
    Gone,
}

impl Observed {
    /// As the watches told it. Nothing when they know of no such lab.
    pub fn seen(controller: &Controller, name: &str) -> Option<Self> {
        let shelves = controller.seen.lock();
        let lab = Lab::clone(shelves.labs.get(name)?);
        let pod_of = |lab: &str| shelves.pods.get(&names::pod(lab)).map(|pod| Pod::clone(pod));
        let claimant = claimant(&lab, |name| shelves.labs.get(name).map(|lab| Lab::clone(lab)));
        let warm = lab.spec.warm.as_deref().and_then(|warm| {
            let lab = Lab::clone(shelves.labs.get(warm)?);
            Some(WarmSeen { lab, pod: pod_of(warm) })
        });
        Some(Self {
            environment: shelves.environments.get(&lab.spec.environment).cloned(),
            pod: pod_of(name),
            home: HomeSeen::Unread,
            warm,
            proposal: propose(&shelves, &lab),
            claimant,
            turn: turn(&shelves, &lab, &controller.config.limits),
            lab,
        })
    }

    /// Read again from the API server, what the watches told being too old to create or delete by.
    pub async fn live(controller: &Controller, name: &str) -> Result<Option<Self>, ClusterError> {
        let cluster = &controller.cluster;
        let Some(lab) = cluster.read::<Lab>(name).await? else { return Ok(None) };
        let pod = cluster.read::<Pod>(&names::pod(name)).await?;
        let home = match &lab.spec.owner {
            Some(owner) if wants_home(&lab) && pod.is_none() => {
                let home = cluster.read(&names::home(&owner.account)).await?;
                home.map_or(HomeSeen::Absent, |home| HomeSeen::Present(Box::new(home)))
            }
            _ => HomeSeen::Unread,
        };
        let warm = match lab.spec.warm.as_deref() {
            Some(warm) => Self::live_warm(controller, warm).await?,
            None => None,
        };
        let claiming = match &lab.spec.claim {
            Some(claim) => cluster.read::<Lab>(&claim.lab).await?,
            None => None,
        };
        let claimant = claimant(&lab, |_| claiming);
        let shelves = controller.seen.lock();
        Ok(Some(Self {
            environment: shelves.environments.get(&lab.spec.environment).cloned(),
            pod,
            home,
            warm,
            proposal: propose(&shelves, &lab),
            claimant,
            turn: turn(&shelves, &lab, &controller.config.limits),
            lab,
        }))
    }

    async fn live_warm(controller: &Controller, warm: &str) -> Result<Option<WarmSeen>, ClusterError> {
        let Some(lab) = controller.cluster.read::<Lab>(warm).await? else { return Ok(None) };
        let pod = controller.cluster.read::<Pod>(&names::pod(warm)).await?;
        Ok(Some(WarmSeen { lab, pod }))
    }
}

fn wants_home(lab: &Lab) -> bool {
    lab.spec.running && lab.spec.home.is_some() && lab.metadata.deletion_timestamp.is_none()
}

fn claimant(lab: &Lab, find: impl FnOnce(&str) -> Option<Lab>) -> Claimant {
    let Some(claim) = &lab.spec.claim else { return Claimant::None };
    match find(&claim.lab) {
        Some(found) if found.uid().as_deref() == Some(&claim.uid) => Claimant::Present,
        _ => Claimant::Gone,
    }
}

/// A warm lab of the same environment and size that answers and that nobody has taken, as far as is known.
fn propose(shelves: &Shelves, lab: &Lab) -> Option<Lab> {
    let wanted = &lab.spec;
    if wanted.own_pod
        || wanted.owner.is_none()
        || wanted.home.is_some()
        || wanted.warm.is_some()
        || !wanted.network.allow.is_empty()
    {
        return None;
    }
    let fits = |warm: &&Arc<Lab>| {
        let spec = &warm.spec;
        let free = spec.owner.is_none() && spec.claim.is_none() && warm.metadata.deletion_timestamp.is_none();
        free && spec.environment == wanted.environment
            && spec.size == wanted.size
            && warm.status.as_ref().is_some_and(|status| status.address.is_some())
            && !shelves.labs.values().any(|other| other.spec.warm.as_deref() == Some(&warm.name_any()))
    };
    shelves.labs.values().find(fits).map(|warm| Lab::clone(warm))
}
