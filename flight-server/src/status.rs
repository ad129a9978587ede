//! One table from our errors to gRPC codes. The text is the error's own; it says what to do.

use catalogue::engine::QueryError;
use tonic::{Code, Status};
use user_space::SpaceError;

use crate::identity::IdentityError;
use crate::seal::SealError;

/// The status of a query that failed.
pub(crate) fn of_query(error: &QueryError) -> Status {
    let code = match error {
        QueryError::Syntax { .. } => Code::InvalidArgument,
        QueryError::UnknownTable { .. } => Code::NotFound,
        QueryError::UnknownColumn { .. } => Code::InvalidArgument,
        QueryError::UnknownFunction { .. } => Code::InvalidArgument,
        QueryError::Invalid { .. } => Code::InvalidArgument,
        QueryError::Forbidden { .. } => Code::PermissionDenied,
        QueryError::TooComplex { .. } => Code::InvalidArgument,
        QueryError::Busy { .. } => Code::ResourceExhausted,
        QueryError::Scanned { .. } => Code::ResourceExhausted,
        QueryError::ScannedThisHour { .. } => Code::ResourceExhausted,
        QueryError::Resources { .. } => Code::ResourceExhausted,
        QueryError::Deadline { .. } => Code::DeadlineExceeded,
        QueryError::Execution { .. } => Code::InvalidArgument,
        QueryError::Unreadable { .. } | QueryError::Data => Code::DataLoss,
        QueryError::UserTables(_) => Code::Unavailable,
        QueryError::Internal => Code::Internal,
    };
    Status::new(code, error.to_string())
}

/// The status of a table that was not made, changed or dropped.
pub(crate) fn of_space(error: &SpaceError) -> Status {
    let code = match error {
        SpaceError::Name { .. }
        | SpaceError::Columns { .. }
        | SpaceError::NoColumn { .. }
        | SpaceError::GroupText { .. }
        | SpaceError::TooManyMembers { .. }
        | SpaceError::Differs { .. } => Code::InvalidArgument,
        SpaceError::NotYours { .. } | SpaceError::Shared { .. } | SpaceError::NoAccount => {
            Code::PermissionDenied
        }
        SpaceError::Exists { .. } | SpaceError::GroupExists { .. } => Code::AlreadyExists,
        SpaceError::Missing { .. } | SpaceError::NoGroup { .. } => Code::NotFound,
        SpaceError::Full { .. }
        | SpaceError::TooManyTables { .. }
        | SpaceError::TooManyAppends { .. }
        | SpaceError::TooManyGroups { .. }
        | SpaceError::Busy { .. } => Code::ResourceExhausted,
        SpaceError::Rows(_) => Code::InvalidArgument,
        SpaceError::Disk(_) | SpaceError::Database(_) | SpaceError::Open(_) => {
            let cause: &dyn std::error::Error = error;
            tracing::error!(cause, "a user's table could not be stored");
            Code::Unavailable
        }
    };
    Status::new(code, error.to_string())
}

/// The status of a caller without a good token.
pub(crate) fn of_identity(error: IdentityError) -> Status {
    let code = match error {
        IdentityError::Missing | IdentityError::Token(_) => Code::Unauthenticated,
    };
    Status::new(code, error.to_string())
}

/// The status of a ticket that is not good.
pub(crate) fn of_seal(error: SealError) -> Status {
    let code = match error {
        SealError::Foreign => Code::PermissionDenied,
        SealError::Expired => Code::FailedPrecondition,
    };
    Status::new(code, error.to_string())
}

/// The status of a query that its user has cancelled.
pub(crate) fn cancelled() -> Status {
    Status::cancelled("the query was cancelled, as you asked: run it again for its rows")
}

/// A call that this server does not have.
pub(crate) fn unimplemented(what: &str) -> Status {
    Status::unimplemented(format!(
        "{what} is not offered by this server: it answers queries and lists tables"
    ))
}
