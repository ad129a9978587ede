//! How large a message may be: rows that people upload come in large ones, everything else in small ones. DoPut looks
//! at the caller's token before it reads any message; other calls are read first.

use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::server::NamedService;
use tower_service::Service;

/// The path of the call that uploads rows.
const DO_PUT: &str = "/arrow.flight.protocol.FlightService/DoPut";

/// The same service with two limits.
#[derive(Clone)]
pub(crate) struct UploadSize<S> {
    /// Answers DoPut.
    pub(crate) uploads: S,
    /// Answers everything else.
    pub(crate) others: S,
}

impl<S: Service<http::Request<Body>>> Service<http::Request<Body>> for UploadSize<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        match self.uploads.poll_ready(context) {
            Poll::Ready(Ok(())) => self.others.poll_ready(context),
            not_ready => not_ready,
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> S::Future {
        match request.uri().path() {
            DO_PUT => self.uploads.call(request),
            _ => self.others.call(request),
        }
    }
}

impl<S: NamedService> NamedService for UploadSize<S> {
    const NAME: &'static str = S::NAME;
}
