//! Why a request is refused, and the one table that turns each reason into HTTP.
//!
//! What the client gets is a document as DALI 1.1 section 4.2 prescribes: [`crate::dali`] writes it.

use api::token::TokenError;
use catalogue::engine::QueryError;
use http::StatusCode;
use thiserror::Error;
use user_space::SpaceError;

use crate::adql::AdqlError;
use crate::plan::{PlanError, told};
use crate::state::StateError;

/// Every way in which the server says no. The text is for the person, and says what to do next.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// A parameter that must be there.
    #[error("the parameter {name} is missing")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// A parameter whose value has no meaning here.
    #[error("{name} = '{value}' is not possible: {hint}")]
    Value {
        /// Which.
        name: &'static str,
        /// What was sent.
        value: String,
        /// What would be possible.
        hint: String,
    },
    /// A body that is no form.
    #[error("this form cannot be read: {what}")]
    BadForm {
        /// What is wrong with it.
        what: String,
    },
    /// An uploaded table that cannot be read.
    #[error("the uploaded table {name} cannot be read: {what}")]
    BadUpload {
        /// The table's name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// More parameters than a request may have.
    #[error("more than {limit} parameters: send identifiers as a list in one parameter")]
    TooManyParameters {
        /// The limit.
        limit: usize,
    },
    /// A body over the limit.
    #[error("this is too large: at most {limit_bytes} bytes are accepted")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// A body that did not arrive in time.
    #[error("the request did not arrive in time: send it again")]
    TooSlow,
    /// The query cannot be answered.
    #[error("{}", told(.0))]
    Query(#[from] QueryError),
    /// The text is not ADQL.
    #[error(transparent)]
    Adql(#[from] AdqlError),
    /// A token that is not good here.
    #[error("{0}")]
    BadToken(TokenError),
    /// Something that only a signed-in person may do.
    #[error("you are not signed in: log in first, or send a token as \"Authorization: Bearer ...\"")]
    SignInNeeded,
    /// Something that only operators may do.
    #[error("only operators of this server may see this: ask to be named as one in its configuration")]
    OperatorsOnly,
    /// Unknown name or wrong password; which of them is not said.
    #[error("the name or the password is wrong; a token of your Nearside page is good as a password too")]
    WrongCredentials,
    /// Too many guesses.
    #[error("too many failed logins: wait {retry_after_seconds} seconds, or use a token")]
    TooManyFailures {
        /// Until the window is over.
        retry_after_seconds: u64,
    },
    /// Nothing here, or nothing that the caller may know of.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The address exists, the method does not.
    #[error("this address does not answer to that method")]
    WrongMethod,
    /// A job that is past the point where it could be changed.
    #[error("job {id} is {phase}: {hint}")]
    WrongPhase {
        /// The job.
        id: String,
        /// Its phase.
        phase: &'static str,
        /// What is possible now.
        hint: &'static str,
    },
    /// The rest of something that is no longer what it was.
    #[error(
        "this is not what you have the beginning of: the catalogue has changed, so download it from the start"
    )]
    Changed,
    /// A job that failed.
    #[error("{message}")]
    JobFailed {
        /// Why.
        message: String,
    },
    /// Too many jobs.
    #[error("you have {limit} jobs queued or running: wait for one, or delete some")]
    TooManyJobs {
        /// The limit.
        limit: i64,
    },
    /// A user's table that cannot be made, changed or dropped.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The database or the disk failed.
    #[error("the server could not do this because of a fault of its own: try again, and tell the operator")]
    State(#[from] StateError),
    /// An answer that could not be written.
    #[error("the answer could not be written in this format: {0}")]
    Encoding(#[from] arrow_schema::ArrowError),
}

impl Refusal {
    /// A document that could not be written into memory, which writers of XML can only do with an error of I/O.
    pub(crate) fn from_io(error: std::io::Error) -> Self {
        Self::Encoding(error.into())
    }

    /// The status of the answer. A client reads the reason only where the status is an error.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Missing { .. }
            | Self::Value { .. }
            | Self::BadForm { .. }
            | Self::BadUpload { .. }
            | Self::TooManyParameters { .. }
            | Self::Adql(_)
            | Self::JobFailed { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Query(error) => of_query(error),
            Self::BadToken(_) | Self::SignInNeeded | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::TooManyFailures { .. } | Self::TooManyJobs { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::OperatorsOnly => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongPhase { .. } => StatusCode::CONFLICT,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::Space(error) => of_space(error),
            Self::State(_) | Self::Encoding(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn of_space(error: &SpaceError) -> StatusCode {
    match error {
        SpaceError::Name { .. }
        | SpaceError::Columns { .. }
        | SpaceError::Differs { .. }
        | SpaceError::NoColumn { .. }
        | SpaceError::GroupText { .. }
        | SpaceError::TooManyMembers { .. }
        | SpaceError::Rows(_) => StatusCode::BAD_REQUEST,
        SpaceError::NotYours { .. } | SpaceError::Shared { .. } | SpaceError::NoAccount => {
            StatusCode::FORBIDDEN
        }
        SpaceError::Missing { .. } | SpaceError::NoGroup { .. } => StatusCode::NOT_FOUND,
        SpaceError::Exists { .. } | SpaceError::GroupExists { .. } => StatusCode::CONFLICT,
        SpaceError::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
        SpaceError::TooManyTables { .. }
        | SpaceError::TooManyAppends { .. }
        | SpaceError::TooManyGroups { .. }
        | SpaceError::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
        SpaceError::Disk(_) | SpaceError::Database(_) | SpaceError::Open(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// The status of a query that failed.
pub(crate) fn of_query(error: &QueryError) -> StatusCode {
    match error {
        QueryError::Syntax { .. }
        | QueryError::UnknownTable { .. }
        | QueryError::UnknownColumn { .. }
        | QueryError::UnknownFunction { .. }
        | QueryError::Invalid { .. }
        | QueryError::TooComplex { .. }
        | QueryError::Scanned { .. }
        | QueryError::Resources { .. }
        | QueryError::Deadline { .. }
        | QueryError::Execution { .. } => StatusCode::BAD_REQUEST,
        QueryError::Forbidden { .. } => StatusCode::FORBIDDEN,
        QueryError::Busy { .. } | QueryError::ScannedThisHour { .. } => StatusCode::TOO_MANY_REQUESTS,
        QueryError::UserTables(_) => StatusCode::SERVICE_UNAVAILABLE,
        QueryError::Unreadable { .. } | QueryError::Data | QueryError::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl From<PlanError> for Refusal {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Adql(error) => Self::Adql(error),
            PlanError::Query(error) => Self::Query(error),
        }
    }
}
