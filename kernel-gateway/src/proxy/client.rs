//! The HTTP client that speaks to agents: HTTP/1.1, no delay, bounded waits.

use std::time::Duration;

use axum::body::Body;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::LengthLimitError;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use thiserror::Error;

use crate::config::TrafficLimits;
use crate::error::Refusal;
use crate::labs::Upstream;

/// How long an unused connection to an agent is kept.
const KEEP_IDLE: Duration = Duration::from_secs(60);

/// Sends requests to labs. Clones share their connections.
#[derive(Clone)]
pub struct LabClient {
    client: Client<HttpConnector, Body>,
    answer_within: Duration,
}

/// Why a lab gave no answer.
#[derive(Debug, Error)]
pub enum SendError {
    /// The connection failed, or the request's own body did.
    #[error("the lab did not answer")]
    Failed(#[source] Error),
    /// It took too long.
    #[error("the lab did not answer in time")]
    TooSlow,
    /// It speaks another protocol than it was asked for.
    #[error("the lab switched protocols without being asked to")]
    Unasked,
}

impl SendError {
    /// What the caller is told. A body over its limit is their fault, not the lab's.
    pub fn refusal(self, limit_bytes: usize) -> Refusal {
        match self {
            Self::Failed(error) if is_body_limit(&error) => Refusal::TooLarge { limit_bytes },
            Self::Failed(error) => Refusal::LabUnreachable(error.into()),
            Self::TooSlow => Refusal::LabTooSlow,
            Self::Unasked => Refusal::LabUnreachable(self.into()),
        }
    }
}

impl LabClient {
    /// A client with the limits of `traffic`.
    pub fn new(traffic: &TrafficLimits) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(traffic.lab_connect_within));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_IDLE)
            .set_host(false)
            .build(connector);
        Self { client, answer_within: traffic.lab_answer_within }
    }

    /// Sends a request whose address is a path, and waits for the head of the answer.
    pub async fn send(
        &self,
        upstream: &Upstream,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, SendError> {
        let authority: Authority =
            upstream.addr.to_string().parse().expect("a socket address is an authority");
        let bearer = format!("Bearer {}", upstream.agent_secret);
        let mut bearer = HeaderValue::from_str(&bearer).expect("our secrets are hexadecimal");
        bearer.set_sensitive(true);
        let host = HeaderValue::from_str(authority.as_str()).expect("a socket address is visible ASCII");
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, bearer);
        // The browser's own Host is kept: Jupyter compares it with the origin of a WebSocket.
        headers.entry(header::HOST).or_insert(host);
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority);
        *request.uri_mut() = Uri::from_parts(parts).expect("scheme, authority and path make an address");
        let answer = tokio::time::timeout(self.answer_within, self.client.request(request)).await;
        answer.map_err(|_| SendError::TooSlow)?.map_err(SendError::Failed)
    }
}

fn is_body_limit(error: &Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.into_iter().any(|cause| cause.is::<LengthLimitError>())
}
