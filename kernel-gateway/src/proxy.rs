//! Everything below `/user/{name}/` goes to that user's lab, byte for byte, and nothing else does.
//!
//! The upstream comes from the spawner only. Credentials stop here: the lab sees none of the browser's, only
//! the agent's own secret. Bodies stream both ways; WebSockets become tunnels.

mod client;
mod departing;
mod headers;
mod tunnel;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::Limited;

use crate::access::{Caller, Proof};
use crate::answer::{FromLab, wants_html};
use crate::app::App;
use crate::error::Refusal;
use crate::labs::{LabState, Upstream, base_url};

pub use client::LabClient;
use client::SendError;

/// Seconds after which a client may ask again for a lab that is starting.
const RETRY_AFTER_SECONDS: u64 = 2;

/// `/user/{name}`: the same with the slash that relative links need.
pub async fn base(Extension(caller): Extension<Caller>) -> Redirect {
    Redirect::temporary(&base_url(&caller.user))
}

/// `/user/{name}/...`.
pub async fn lab(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    match app.labs.state(&caller.user) {
        LabState::Ready(upstream) => forward(&app, &caller, &upstream, request).await,
        LabState::Stopped | LabState::Starting { .. } | LabState::Failed(_) => {
            without_lab(&app, &caller, &request)
        }
    }
}

/// Whether a request asks for a WebSocket (RFC 6455 section 4.1).
pub fn is_websocket(method: &Method, headers: &HeaderMap) -> bool {
    let lists = |name: header::HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
    };
    method == Method::GET && lists(header::CONNECTION, "upgrade") && lists(header::UPGRADE, "websocket")
}

/// Refuses bodies whose end two programs could see in different places (RFC 9112 section 6.3).
///
/// Of a request with both lengths, the server below us shows only the chunked one and closes the connection
/// after it; what remains to refuse is any other coding, and several lengths.
pub async fn refuse_ambiguous_length(request: Request, next: Next) -> Response {
    if is_ambiguous(request.headers()) {
        return Refusal::AmbiguousLength.into_response();
    }
    next.run(request).await
}

fn is_ambiguous(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::TRANSFER_ENCODING);
    let lengths = headers.get_all(header::CONTENT_LENGTH);
    let one_chunked = codings.iter().count() == 1 && codings.iter().all(|value| value == "chunked");
    match (codings.iter().next(), lengths.iter().count()) {
        (None, lengths) => lengths > 1,
        (Some(_), 0) => !one_chunked,
        (Some(_), _) => true,
    }
}

/// What somebody gets whose lab does not run. A page leads to the start. A token's request starts the lab and
/// may be repeated. A script of an open tab does not: it would bring every culled lab back.
fn without_lab(app: &App, caller: &Caller, request: &Request) -> Result<Response, Refusal> {
    if request.method() == Method::GET && wants_html(request.headers()) {
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        let rest = path.strip_prefix(base_url(&caller.user).as_str()).unwrap_or_default();
        let wanted = if rest.starts_with("lab/") { rest } else { "lab" };
        return Ok(Redirect::to(&format!("/{wanted}")).into_response());
    }
    match (&caller.proof, app.labs.state(&caller.user)) {
        (Proof::Token { .. } | Proof::LabSecret, _) => {
            app.labs.start(&caller.user)?;
            Err(Refusal::LabStarting { retry_after_seconds: RETRY_AFTER_SECONDS })
        }
        (Proof::Cookie { .. }, LabState::Starting { .. } | LabState::Ready(_)) => {
            Err(Refusal::LabStarting { retry_after_seconds: RETRY_AFTER_SECONDS })
        }
        (Proof::Cookie { .. }, LabState::Stopped | LabState::Failed(_)) => Err(Refusal::LabStopped),
    }
}

async fn forward(
    app: &App,
    caller: &Caller,
    upstream: &Upstream,
    mut request: Request,
) -> Result<Response, Refusal> {
    let limit_bytes = app.traffic.lab_body_bytes;
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: usize| bytes > limit_bytes) {
        return Err(Refusal::TooLarge { limit_bytes });
    }
    let websocket = is_websocket(request.method(), request.headers());
    let browser = hyper::upgrade::on(&mut request);
    let outgoing = outgoing(request, websocket, limit_bytes)?;
    let mut answer =
        app.lab_client.send(upstream, outgoing).await.map_err(|error| error.refusal(limit_bytes))?;
    let switches = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switches && !websocket {
        return Err(SendError::Unasked.refusal(limit_bytes));
    }
    if switches {
        let lab = hyper::upgrade::on(&mut answer);
        tunnel::open(app.clone(), caller.clone(), browser, lab);
    }
    let mut response = answer.map(Body::new);
    headers::clean_answer(response.headers_mut(), switches);
    response.extensions_mut().insert(FromLab);
    Ok(response)
}

/// The request as the lab sees it: same method, address and body, without anything that is between two hops.
fn outgoing(request: Request, websocket: bool, limit_bytes: usize) -> Result<http::Request<Body>, Refusal> {
    let (mut head, body) = request.into_parts();
    headers::clean_question(&mut head.headers, websocket);
    head.uri = headers::without_token(&head.uri).ok_or(Refusal::NotFound)?;
    head.version = http::Version::HTTP_11;
    head.extensions.clear();
    Ok(http::Request::from_parts(head, Body::new(Limited::new(body, limit_bytes))))
}
