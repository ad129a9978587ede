//! Faults (VOSpace 2.1 section 5.5): the name that the standard gives, then the reason. Clients look for the name.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use thiserror::Error;
use user_space::home::HomeError;

use crate::dali;
use crate::refusal::Refusal;

/// Why a request to the space is refused.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// Nothing at this place.
    #[error("there is no node {uri}")]
    NodeNotFound { uri: String },
    /// Nothing that contains it.
    #[error("the container of {uri} does not exist: make it first")]
    ContainerNotFound { uri: String },
    /// Something at a place that had to be free.
    #[error("there is a node {uri} already: remove it, or choose another name")]
    DuplicateNode { uri: String },
    /// No identifier, or none of ours.
    #[error("{uri} is no identifier of a node: {what}")]
    InvalidUri { uri: String, what: String },
    /// A link on the way.
    #[error("there is a link on the way to {uri}, and links are not followed: ask for what it leads to")]
    LinkFound { uri: String },
    /// A type of node that cannot be made.
    #[error("nodes of type {kind} cannot be made here: make a ContainerNode, a DataNode or a LinkNode")]
    TypeNotSupported { kind: String },
    /// Somebody else's home; the same whether there is one or not.
    #[error("this is no place in your home: you see and change only what is yours")]
    NotYours,
    /// The containers that the space itself has.
    #[error(
        "the containers of the space itself, and your home, stay as they are: name something in your home, or a table"
    )]
    Fixed,
    /// A table where a file, or what is in a home, is asked for.
    #[error(
        "a table is no file: it is made by putting a table at its address, given another name beside it, and read in one of its views"
    )]
    NoFile,
    /// A property that only the service sets.
    #[error("the property {property} is read-only: leave it out")]
    ReadOnly { property: String },
    /// A document or a parameter with no meaning here.
    #[error("{what}")]
    InvalidArgument { what: String },
    /// A view that there is none of.
    #[error("there is no view {view} of this node")]
    ViewNotSupported { view: String },
    /// None of the protocols that were asked for.
    #[error(
        "none of these protocols is offered: ask for {offered}, with a securityMethod of this service or without one"
    )]
    ProtocolNotSupported { offered: String },
    /// Bytes that would come from, or go to, another place.
    #[error("nothing is fetched from, or sent to, other places than this service: {what}")]
    OperationNotSupported { what: String },
    /// A transfer that is a job.
    #[error("only pushToVoSpace and pullFromVoSpace are negotiated: send moves and copies to /transfers")]
    NotNegotiated,
    /// An endpoint that was never good, or is no longer.
    #[error("this endpoint is not good for this, or not any more: ask for a transfer again")]
    NoTicket,
    /// A file that is being put.
    #[error("{uri} is being put by another request: wait until it is done")]
    NodeBusy { uri: String },
    /// Too many files at once.
    #[error("{limit} files are being put at this moment, as many as may be (puts): try again in a minute")]
    TooManyPuts { limit: usize },
    /// No bytes for some time.
    #[error("no more of this file arrived for {seconds} s (piece_within): put it again")]
    TooSlow { seconds: u64 },
    /// The home says no, for a reason that is the same for every node.
    #[error(transparent)]
    Home(HomeError),
    /// Another reason, which is not of VOSpace.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A fault of the server.
    #[error("the server could not do this because of a fault of its own: try again, and tell the operator")]
    Broken,
}

impl From<HomeError> for Fault {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}

impl Fault {
    /// What a home says about the node of an identifier.
    pub(super) fn at(uri: String) -> impl FnOnce(Self) -> Self {
        move |fault| match fault {
            Self::Home(HomeError::Missing) => Self::NodeNotFound { uri },
            Self::Home(HomeError::NoContainer) => Self::ContainerNotFound { uri },
            Self::Home(HomeError::Exists) => Self::DuplicateNode { uri },
            Self::Home(HomeError::Link) => Self::LinkFound { uri },
            Self::Home(HomeError::Busy) => Self::NodeBusy { uri },
            Self::Home(HomeError::Root) => Self::Fixed,
            Self::Home(HomeError::Path { what }) => Self::InvalidUri { uri, what: what.to_owned() },
            other => other,
        }
    }

    /// The name that the standard gives, where it has one.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::NodeNotFound { .. } => "NodeNotFound",
            Self::ContainerNotFound { .. } => "ContainerNotFound",
            Self::DuplicateNode { .. } => "DuplicateNode",
            Self::InvalidUri { .. } => "InvalidURI",
            Self::LinkFound { .. } => "LinkFound",
            Self::TypeNotSupported { .. } => "TypeNotSupported",
            Self::NotYours | Self::Fixed | Self::ReadOnly { .. } => "PermissionDenied",
            Self::InvalidArgument { .. } => "InvalidArgument",
            Self::ViewNotSupported { .. } => "ViewNotSupported",
            Self::ProtocolNotSupported { .. } => "ProtocolNotSupported",
            Self::OperationNotSupported { .. } | Self::NotNegotiated | Self::NoFile => {
                "OperationNotSupported"
            }
            Self::NoTicket => "PermissionDenied",
            Self::NodeBusy { .. } => "NodeBusy",
            Self::TooManyPuts { .. } => "ServiceBusy",
            Self::TooSlow { .. } => "InvalidData",
            Self::Home(error) => of_home(error).0,
            Self::Refused(refusal) => match refusal.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "PermissionDenied",
                StatusCode::NOT_FOUND => "NodeNotFound",
                StatusCode::CONFLICT => "DuplicateNode",
                StatusCode::INSUFFICIENT_STORAGE => "QuotaExceeded",
                status if status.is_server_error() => "InternalFault",
                _ => "InvalidArgument",
            },
            Self::Broken => "InternalFault",
        }
    }

    /// The name and the reason, as clients get them. A fault of the server is logged with its causes.
    pub(super) fn told(&self) -> String {
        if self.status().is_server_error() {
            let causes = std::iter::successors(std::error::Error::source(self), |error| error.source());
            let causes: Vec<_> = causes.map(ToString::to_string).collect();
            tracing::error!(causes = causes.join(": "), "{self}");
        }
        format!("{} {self}", self.name())
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NodeNotFound { .. } | Self::ContainerNotFound { .. } => StatusCode::NOT_FOUND,
            Self::DuplicateNode { .. } | Self::NodeBusy { .. } => StatusCode::CONFLICT,
            Self::InvalidUri { .. }
            | Self::LinkFound { .. }
            | Self::TypeNotSupported { .. }
            | Self::InvalidArgument { .. }
            | Self::ViewNotSupported { .. }
            | Self::ProtocolNotSupported { .. }
            | Self::OperationNotSupported { .. }
            | Self::NotNegotiated
            | Self::NoFile => StatusCode::BAD_REQUEST,
            Self::NotYours | Self::Fixed | Self::ReadOnly { .. } | Self::NoTicket => StatusCode::FORBIDDEN,
            Self::TooManyPuts { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Home(error) => of_home(error).1,
            Self::Refused(refusal) => refusal.status(),
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn of_home(error: &HomeError) -> (&'static str, StatusCode) {
    match error {
        HomeError::Path { .. } => ("InvalidURI", StatusCode::BAD_REQUEST),
        HomeError::Missing => ("NodeNotFound", StatusCode::NOT_FOUND),
        HomeError::NoContainer => ("ContainerNotFound", StatusCode::NOT_FOUND),
        HomeError::Link => ("LinkFound", StatusCode::BAD_REQUEST),
        HomeError::Exists => ("DuplicateNode", StatusCode::CONFLICT),
        HomeError::Busy => ("NodeBusy", StatusCode::CONFLICT),
        HomeError::Root | HomeError::Denied => ("PermissionDenied", StatusCode::FORBIDDEN),
        HomeError::NotAFile
        | HomeError::NotAContainer
        | HomeError::IntoItself
        | HomeError::TooMany { .. }
        | HomeError::TooDeep { .. }
        | HomeError::Properties { .. }
        | HomeError::NoProperties
        | HomeError::LinkNotes => ("InvalidArgument", StatusCode::BAD_REQUEST),
        // The status that clients of the standard's authors take for "send it once more".
        HomeError::Checksum => ("InvalidData", StatusCode::PRECONDITION_FAILED),
        HomeError::Full { .. } => ("QuotaExceeded", StatusCode::INSUFFICIENT_STORAGE),
        HomeError::Stopped | HomeError::Disk(_) => ("InternalFault", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = dali::text(format!("{}\n", self.told()));
        *response.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
