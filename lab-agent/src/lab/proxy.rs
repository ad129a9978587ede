//! The way of a request to JupyterLab and back: bodies are streamed both ways, and WebSockets become a plain
//! copy of bytes. One connection per request: connecting to a Unix socket costs microseconds.

use std::path::Path;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, HeaderMap, HeaderName, ORIGIN, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::LabState;
use crate::activity::is_a_deed;
use crate::agent::Agent;
use crate::error::ApiError;

/// Headers that belong to one connection and not to the message (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A pong without payload, masked, as browsers answer pings, has 6 bytes: an open tab, not a person at work.
const PONG_BYTES: usize = 6;

/// Size of the copy buffers of a WebSocket.
const COPY_BYTES: usize = 16 * 1024;

/// Passes on everything that no other route answers.
pub async fn pass_on(State(agent): State<Agent>, request: Request) -> Result<Response, ApiError> {
    let base = &agent.config.lab.base_url;
    if !request.uri().path().starts_with(base.as_str()) {
        return Err(ApiError::OutsideBase(base.clone()));
    }
    let (parts, body) = request.into_parts();
    if is_a_deed(&parts) {
        agent.last_deed.note();
    }
    ready(&agent).await?;
    exchange(&agent, Request::from_parts(parts, body)).await
}

/// Waits for JupyterLab while it starts, but not for ever.
async fn ready(agent: &Agent) -> Result<(), ApiError> {
    let mut state = agent.lab.state.subscribe();
    let settled =
        timeout(agent.config.limits.lab_start, state.wait_for(|state| *state != LabState::Starting)).await;
    match settled {
        Ok(Ok(state)) => match &*state {
            LabState::Ready => Ok(()),
            LabState::Failed(words) => Err(ApiError::LabFailed(words.clone())),
            LabState::Starting => Err(ApiError::LabStarting),
        },
        Ok(Err(_)) | Err(_) => Err(ApiError::LabStarting),
    }
}

async fn exchange(agent: &Agent, mut request: Request) -> Result<Response, ApiError> {
    let upgrade = request.headers().get(UPGRADE).cloned();
    let client = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    strip(request.headers_mut());
    // The gateway has checked the origin, and knows the name under which the browser sees this lab.
    request.headers_mut().remove(ORIGIN);
    if let Some(protocol) = upgrade {
        request.headers_mut().insert(UPGRADE, protocol);
        request.headers_mut().insert(CONNECTION, http::HeaderValue::from_static("upgrade"));
    }
    let mut response = send(&agent.lab.socket, request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(client) = client
    {
        let server = hyper::upgrade::on(&mut response);
        let agent = agent.clone();
        tokio::spawn(async move {
            if let (Ok(client), Ok(server)) = tokio::join!(client, server) {
                copy_both_ways(&agent, TokioIo::new(client), TokioIo::new(server)).await;
            }
        });
        return Ok(response.map(Body::new).into_response());
    }
    strip(response.headers_mut());
    Ok(response.map(Body::new).into_response())
}

fn strip(headers: &mut HeaderMap) {
    HOP_BY_HOP.iter().for_each(|name| {
        headers.remove(name);
    });
}

/// Sends one request on a connection of its own, which lives as long as the answer's body.
async fn send(
    socket: &Path,
    mut request: Request,
) -> Result<hyper::Response<hyper::body::Incoming>, ApiError> {
    let stream = UnixStream::connect(socket).await.map_err(|_| ApiError::LabStarting)?;
    let (mut sender, connection) =
        http1::handshake::<_, Body>(TokioIo::new(stream)).await.map_err(ApiError::LabBroke)?;
    tokio::spawn(connection.with_upgrades());
    // Towards a server, a request target has no scheme and host (RFC 9112 section 3.2.1).
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse::<Uri>().unwrap_or_default();
    *request.version_mut() = http::Version::HTTP_11;
    sender.send_request(request).await.map_err(ApiError::LabBroke)
}

/// Asks JupyterLab for its version.
pub async fn probe(socket: &Path, base_url: &str) -> Result<(), ApiError> {
    let request = Request::get(format!("{base_url}api")).header(http::header::HOST, "localhost");
    let request = request.body(Body::empty()).map_err(|error| ApiError::LabFailed(error.to_string()))?;
    send(socket, request).await.map(drop)
}

/// Copies until either side ends; what is larger than a pong shows a person, or a program of theirs, at work.
async fn copy_both_ways<C, S>(agent: &Agent, client: C, server: S)
where
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        _ = copy(agent, from_client, to_server) => {}
        _ = copy(agent, from_server, to_client) => {}
    }
}

async fn copy(
    agent: &Agent,
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        if count > PONG_BYTES {
            agent.last_deed.note();
        }
        to.write_all(&buffer[..count]).await?;
        to.flush().await?;
    }
}
