//! Defects to plant, one at a time, each a mistake that somebody could make: in what the controller sees, in what it
//! decides, in what it sends and in what it makes of the answer. A simulation that does not find them proves nothing.

mod decisions;

use std::time::Duration;

use controller::Config;
use controller::controller::Decisions;

/// A planted defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Pods get a new name for every attempt.
    RandomPodNames,
    /// Pods name no owner.
    PodWithoutOwner,
    /// Secrets name no owner.
    SecretWithoutOwner,
    /// Policies name no owner.
    PolicyWithoutOwner,
    /// What a lab was granted to reach is never opened.
    NoPolicy,
    /// Deletes do not say which UID they mean.
    DeleteWithoutUid,
    /// Pods are deleted by force.
    DeleteByForce,
    /// Objects are read as they were some time ago.
    StaleReads,
    /// A failed read counts as absence.
    FailedReadIsAbsence,
    /// A failed write of the status counts as done.
    FailedReportIsDone,
    /// A failed creation counts as done.
    FailedCreateIsDone,
    /// A failed delete counts as done.
    FailedDeleteIsDone,
    /// A lost race counts as won.
    LostRaceIsWon,
    /// Changes do not say which version they were decided on.
    ChangeWithoutVersion,
    /// The first page of a list counts as the whole.
    FirstPageIsAll,
    /// A forgotten version is resumed from for ever.
    ForgottenVersionIgnored,
    /// A watch is resumed from now instead of from where it was.
    ResumeFromNow,
    /// A silent watch is trusted for ever.
    SilenceTrusted,
    /// Calls are waited for without end.
    NoDeadline,
    /// Secrets are never made.
    NoSecret,
    /// The pod is made before its secret, which is not made when the pod is there.
    PodBeforeSecret,
    /// The finalizer is never taken away.
    NeverReleased,
    /// All finalizers are taken away.
    ReleasesForOthers,
    /// Labs are let go while their pod still runs, and without ending it.
    ReleasedAtOnce,
    /// The home belongs to the lab, and goes with it.
    HomeOwnedByLab,
    /// The home is found by the name of its owner, which somebody else may have later.
    HomeByName,
    /// Nobody checks whose home it is.
    HomeUnchecked,
    /// A lab that does not answer for a moment is ended.
    ImpatientRestart,
    /// A pod on a lost node counts as gone, and its object is removed by force.
    LostCountsAsGone,
    /// Any pod of the right name is taken for the lab's own.
    OwnerUnchecked,
    /// A stranger's pod that is in the way is removed.
    RemovesStrangers,
    /// A warm lab is used as soon as it is chosen, without being claimed.
    WarmWithoutClaim,
    /// The warm lab is forgotten when its user stops.
    WarmLeftRunning,
    /// A warm lab whose user is gone is kept.
    WarmOutlivesClaimant,
    /// A stopped lab is left running.
    StopIgnored,
    /// A deleted lab is treated like any other.
    DeletionIgnored,
    /// A pod that ended by itself is left lying.
    EndedLeftLying,
    /// A lab that was refused once is never tried again.
    RefusedForEver,
    /// A lab whose environment is missing starts anyway once it was seen as starting.
    StatusOnlyOnce,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 39] = [
        Self::RandomPodNames,
        Self::PodWithoutOwner,
        Self::SecretWithoutOwner,
        Self::PolicyWithoutOwner,
        Self::NoPolicy,
        Self::DeleteWithoutUid,
        Self::DeleteByForce,
        Self::StaleReads,
        Self::FailedReadIsAbsence,
        Self::FailedReportIsDone,
        Self::FailedCreateIsDone,
        Self::FailedDeleteIsDone,
        Self::LostRaceIsWon,
        Self::ChangeWithoutVersion,
        Self::FirstPageIsAll,
        Self::ForgottenVersionIgnored,
        Self::ResumeFromNow,
        Self::SilenceTrusted,
        Self::NoDeadline,
        Self::NoSecret,
        Self::PodBeforeSecret,
        Self::NeverReleased,
        Self::ReleasesForOthers,
        Self::ReleasedAtOnce,
        Self::HomeOwnedByLab,
        Self::HomeByName,
        Self::HomeUnchecked,
        Self::ImpatientRestart,
        Self::LostCountsAsGone,
        Self::OwnerUnchecked,
        Self::RemovesStrangers,
        Self::WarmWithoutClaim,
        Self::WarmLeftRunning,
        Self::WarmOutlivesClaimant,
        Self::StopIgnored,
        Self::DeletionIgnored,
        Self::EndedLeftLying,
        Self::RefusedForEver,
        Self::StatusOnlyOnce,
    ];

    /// The decisions of a controller with this defect.
    pub fn decisions(self) -> Decisions {
        decisions::with(self)
    }

    /// The settings of a controller with this defect.
    pub fn configure(self, config: &mut Config) {
        match self {
            Self::SilenceTrusted => config.limits.watch_grace = Duration::from_secs(1_000_000),
            Self::NoDeadline => config.limits.call = Duration::from_secs(1_000_000),
            _ => {}
        }
    }
}
