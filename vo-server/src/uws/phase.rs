//! The phases of a job (UWS 1.1 section 2.1.3), and which may follow which.

use std::str::FromStr;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Created, and can be changed still.
    Pending,
    /// Waits for its turn.
    Queued,
    /// Runs.
    Executing,
    /// Has a result.
    Completed,
    /// Failed, and says why.
    Error,
    /// Was stopped by its owner.
    Aborted,
}

impl Phase {
    /// The phases in which a job is at work, or waits for it.
    pub(crate) const ACTIVE: [Self; 2] = [Self::Queued, Self::Executing];

    /// All of them.
    const ALL: [Self; 6] =
        [Self::Pending, Self::Queued, Self::Executing, Self::Completed, Self::Error, Self::Aborted];

    /// As UWS writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Queued => "QUEUED",
            Self::Executing => "EXECUTING",
            Self::Completed => "COMPLETED",
            Self::Error => "ERROR",
            Self::Aborted => "ABORTED",
        }
    }

    /// Whether nothing changes any more.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Error | Self::Aborted)
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|phase| phase.name().eq_ignore_ascii_case(name)).ok_or(())
    }
}
