//! A stream of messages that a client sends is whole when the client says that it ends. Tonic takes a stream that was
//! cancelled for one that ended; here a cut is an error, because half an upload must never look like a whole one.

use http::Request;
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::{Code, Status};

/// The same request, whose messages end with an error where the client goes away before their end.
pub(crate) fn tell_cuts(request: Request<Body>) -> Request<Body> {
    request.map(|messages| Body::new(messages.map_err(cut)))
}

fn cut(status: Status) -> Status {
    match status.code() {
        Code::Cancelled => Status::aborted("the stream was cut before its end: nothing of it was kept"),
        _ => status,
    }
}
