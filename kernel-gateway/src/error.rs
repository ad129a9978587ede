//! Why a request is refused, and the one table that turns each reason into HTTP.
//!
//! A refusal travels as an extension of its response; [`crate::answer`] writes it as JSON for programs and as
//! a page for people, once it is known who asked.

use std::sync::Arc;

use api::token::TokenError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use thiserror::Error;

use crate::identity::IdentityError;
use crate::providers::{Provider, ProviderError};

/// Every way in which the gateway says no. The text is for the person, and says what to do next.
#[derive(Debug, Error)]
pub enum Refusal {
    /// No credential, or one whose login has ended.
    #[error("you are not signed in: sign in, or send a token as \"Authorization: Bearer ...\"")]
    SignInNeeded,
    /// A token that is not good here.
    #[error("{0}")]
    BadToken(TokenError),
    /// A token asks for what only a signed-in person may have; else it could prolong itself for ever.
    #[error("tokens are made by people who are signed in: open /token in your browser")]
    LoginNeeded,
    /// Another site's page made the browser send this.
    #[error("this request came from another page: open Nearside itself and do it there")]
    ForeignPage,
    /// The form's own secret is missing or wrong.
    #[error(
        "this page is out of date: reload it and try again (the X-XSRFToken header or the _xsrf field is wrong)"
    )]
    StaleForm,
    /// The `Host` of the request is not ours (DNS rebinding).
    #[error("this Nearside answers on this machine only: open it as localhost or 127.0.0.1")]
    ForeignHost,
    /// Unknown name or wrong password; which of them is not said.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Too many guesses.
    #[error("too many failed sign-ins: wait {retry_after_seconds} seconds, or use a one-time link")]
    TooManyFailures {
        /// Until the window is over.
        retry_after_seconds: u64,
    },
    /// A one-time link that is used, too old or unknown.
    #[error("this link has been used or is too old: ask for a new one, or sign in with your password")]
    DeadLink,
    /// An answer of a provider to a question that this browser did not ask.
    #[error(
        "this sign-in was not begun in this browser, or took longer than ten minutes: open /login and begin again"
    )]
    StrayAnswer,
    /// A provider says no.
    #[error("{title} did not sign you in: {reason}")]
    ProviderRefused {
        /// What people call it.
        title: String,
        /// What it says.
        reason: String,
    },
    /// An answer of a provider that did not pass the checks.
    #[error(
        "the answer of {title} did not pass our checks: begin again; if that does not help, tell your operator"
    )]
    ProviderUntrusted {
        /// What people call it.
        title: String,
        /// Which check.
        source: ProviderError,
    },
    /// A provider is away.
    #[error("{title} does not answer: try again in a moment, or sign in another way")]
    ProviderAway {
        /// What people call it.
        title: String,
        /// What went wrong.
        source: ProviderError,
    },
    /// A `next` that could lead elsewhere.
    #[error("this address asks to continue at another site: open Nearside itself")]
    UnsafeNext,
    /// Nothing here, or nothing that the caller may know of.
    #[error("there is no such page: check the address")]
    NotFound,
    /// The page exists, the method does not.
    #[error("this address does not answer to that method")]
    WrongMethod,
    /// A form that cannot be read.
    #[error("this form cannot be read: reload the page and try again")]
    BadForm,
    /// Framing that two programs could read differently (RFC 9112 section 6.1).
    #[error("this request says in more than one way where its body ends: send only one length")]
    AmbiguousLength,
    /// A body over the limit.
    #[error("this is too large: at most {limit_bytes} bytes are accepted")]
    TooLarge {
        /// The limit that applies here.
        limit_bytes: usize,
    },
    /// The lab does not run, and was started because of this request.
    #[error("your lab is starting: try again in {retry_after_seconds} seconds")]
    LabStarting {
        /// When a retry makes sense.
        retry_after_seconds: u64,
    },
    /// The lab does not run. An open tab that polls must not start it again.
    #[error("your lab is not running: open /lab to start it")]
    LabStopped,
    /// The lab runs, but does not answer.
    #[error("your lab does not answer: wait a moment; if that does not help, open /lab")]
    LabUnreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The lab took the request and did not answer in time.
    #[error("your lab took too long to answer: look whether a kernel keeps it busy")]
    LabTooSlow,
    /// As many labs as the configuration allows.
    #[error("all {limit} labs are in use: try again later")]
    LabsFull {
        /// The limit.
        limit: usize,
    },
    /// The gateway is being stopped.
    #[error("Nearside is stopping: start it again, then reload")]
    Stopping,
    /// The identity database failed.
    #[error("Nearside could not do this because of a fault of its own: try again, and report the request id")]
    Identity(#[from] IdentityError),
}

impl Refusal {
    /// The table: status, and the stable code that programs may rely on.
    pub fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::SignInNeeded => (StatusCode::UNAUTHORIZED, "sign-in-needed"),
            Self::BadToken(_) => (StatusCode::UNAUTHORIZED, "bad-token"),
            Self::LoginNeeded => (StatusCode::FORBIDDEN, "login-needed"),
            Self::ForeignPage => (StatusCode::FORBIDDEN, "foreign-page"),
            Self::StaleForm => (StatusCode::FORBIDDEN, "stale-form"),
            Self::ForeignHost => (StatusCode::MISDIRECTED_REQUEST, "foreign-host"),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong-credentials"),
            Self::TooManyFailures { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-failures"),
            Self::DeadLink => (StatusCode::GONE, "dead-link"),
            Self::StrayAnswer => (StatusCode::BAD_REQUEST, "stray-answer"),
            Self::ProviderRefused { .. } => (StatusCode::FORBIDDEN, "provider-refused"),
            Self::ProviderUntrusted { .. } => (StatusCode::BAD_REQUEST, "provider-untrusted"),
            Self::ProviderAway { .. } => (StatusCode::BAD_GATEWAY, "provider-away"),
            Self::UnsafeNext => (StatusCode::BAD_REQUEST, "unsafe-next"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "wrong-method"),
            Self::BadForm => (StatusCode::BAD_REQUEST, "bad-form"),
            Self::AmbiguousLength => (StatusCode::BAD_REQUEST, "ambiguous-length"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::LabStarting { .. } => (StatusCode::SERVICE_UNAVAILABLE, "lab-starting"),
            Self::LabStopped => (StatusCode::SERVICE_UNAVAILABLE, "lab-stopped"),
            Self::LabUnreachable(_) => (StatusCode::BAD_GATEWAY, "lab-unreachable"),
            Self::LabTooSlow => (StatusCode::GATEWAY_TIMEOUT, "lab-too-slow"),
            Self::LabsFull { .. } => (StatusCode::TOO_MANY_REQUESTS, "labs-full"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::Identity(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// Seconds after which the same request may succeed, where waiting helps.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::TooManyFailures { retry_after_seconds } | Self::LabStarting { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            Self::LabsFull { .. } => Some(60),
            Self::Stopping | Self::LabStopped | Self::LabUnreachable(_) | Self::ProviderAway { .. } => {
                Some(5)
            }
            Self::SignInNeeded
            | Self::BadToken(_)
            | Self::LoginNeeded
            | Self::ForeignPage
            | Self::StaleForm
            | Self::ForeignHost
            | Self::WrongCredentials
            | Self::DeadLink
            | Self::StrayAnswer
            | Self::ProviderRefused { .. }
            | Self::ProviderUntrusted { .. }
            | Self::UnsafeNext
            | Self::NotFound
            | Self::WrongMethod
            | Self::BadForm
            | Self::AmbiguousLength
            | Self::TooLarge { .. }
            | Self::LabTooSlow
            | Self::Identity(_) => None,
        }
    }

    /// What the failure of a provider means to the person.
    pub fn provider(provider: &Provider, error: ProviderError) -> Self {
        let title = provider.title.clone();
        match error {
            ProviderError::Refused(reason) => Self::ProviderRefused { title, reason },
            source @ ProviderError::Untrusted(_) => Self::ProviderUntrusted { title, source },
            source @ ProviderError::Away(_) => Self::ProviderAway { title, source },
        }
    }

    /// The causes below the sentence, for the log only.
    pub fn causes(&self) -> String {
        let first = std::error::Error::source(self);
        let chain = std::iter::successors(first, |error| error.source());
        chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.code().0.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
