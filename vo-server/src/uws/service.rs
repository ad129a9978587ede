//! The services whose requests are jobs. The name of a job says of which it is, because addresses, results and lists
//! differ with it: jobs of transfers begin with a `v`, which no hexadecimal number does.

/// A service with jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Queries.
    Tap,
    /// Transfers of VOSpace.
    Transfers,
}

/// How names of transfers begin.
const TRANSFER: char = 'v';

impl Service {
    /// The service of a job.
    pub(crate) fn of(id: &str) -> Self {
        if id.starts_with(TRANSFER) { Self::Transfers } else { Self::Tap }
    }

    /// How names of its jobs begin.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Tap => "",
            Self::Transfers => "v",
        }
    }

    /// What chooses its jobs in a statement.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Tap => "id NOT LIKE 'v%'",
            Self::Transfers => "id LIKE 'v%'",
        }
    }

    /// Where its jobs are.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Tap => "/tap-server/tap/async",
            Self::Transfers => "/vospace/transfers",
        }
    }

    /// The name of the one result of a job (TAP 1.1 section 2.4, VOSpace 2.1 section 5.4.1).
    pub(super) fn result(self) -> &'static str {
        match self {
            Self::Tap => "result",
            Self::Transfers => "transferDetails",
        }
    }
}
