//! `/files`: the bytes of DataNodes. They stream in both directions; neither is ever in memory as a whole.

use std::fs::File;

use api::names::Username;
use audit::{Report, Verb};
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;
use user_space::home::{Change, Entry, Home, HomePath, Incoming, Kind, Notes, Stored};

use super::address::Place;
use super::fault::Fault;
use super::property::TYPE;
use super::tables::Tables;
use super::{Space, media, nodes, of, on_disk, witness};
use crate::app::App;
use crate::identity::Caller;
use crate::parameters::Parameters;

/// The checksum of a file (RFC 3230), as CADC's clients send and read it.
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// Bytes of a file that are read at once: each read is a turn of another thread.
const PIECE_BYTES: usize = 256 << 10;
/// Pieces of a file that wait for the disk.
const PIECES_WAITING: usize = 4;

/// `GET /files/{path}`, and `HEAD`.
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let (space, person) = of(&app, &caller)?;
    let place = nodes::place(&request, "/files")?;
    give(&app, space, person, &place, request).await
}

/// Sends the file or the table at a place, the latter in the view that the address of the request asks for.
pub(super) async fn give(
    app: &App,
    space: &Space,
    person: &Username,
    place: &Place,
    request: Request,
) -> Result<Response, Fault> {
    if let Place::Table(owner, name) = place {
        let parameters = Parameters::read(request, &app.config.traffic).await?;
        return Tables::of(app, space, person)?.give(owner, name, parameters.get("view")).await;
    }
    let uri = space.authority.identifier(place);
    let report = witness::begin(app, person, Verb::Read, vec![uri.clone()]);
    let opening = async {
        let path = place.in_home_of(person)?.clone();
        let home = space.home(person).await?;
        on_disk(move || Ok(home.open(&path)?)).await.map_err(Fault::at(uri))
    };
    match opening.await {
        Ok((file, entry, notes)) => {
            let asked_bytes = if request.method() == Method::HEAD { Some(0) } else { None };
            Ok(sent(file, &entry, &notes, (report, asked_bytes)))
        }
        Err(fault) => Err(witness::refused(report, fault)),
    }
}

/// `PUT /files/{path}`: the body becomes the file, once it is whole.
pub(super) async fn put(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Fault> {
    let (space, person) = of(&app, &caller)?;
    take(&app, space, person, &nodes::place(&request, "/files")?, request).await
}

/// Puts the body of a request at a place.
pub(super) async fn take(
    app: &App,
    space: &Space,
    person: &Username,
    place: &Place,
    request: Request,
) -> Result<Response, Fault> {
    if let Place::Table(owner, name) = place {
        return Tables::of(app, space, person)?.take(owner, name, request).await;
    }
    let uri = space.authority.identifier(place);
    let report = witness::begin(app, person, Verb::Write, vec![uri.clone()]);
    let putting = async {
        let path = place.in_home_of(person)?.clone();
        let home = space.home(person).await?;
        let stored = receive(space, home, path, request).await.map_err(Fault::at(uri))?;
        Ok((stored, stored.bytes))
    };
    let stored = witness::change(report, putting).await?;
    let status = if stored.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(DIGEST, digest(stored.md5))]).into_response())
}

/// Writes the body of a request into a home.
async fn receive(space: &Space, home: Home, path: HomePath, request: Request) -> Result<Stored, Fault> {
    let limit = space.limits.puts;
    let _turn = space.puts.clone().try_acquire_owned().map_err(|_| Fault::TooManyPuts { limit })?;
    let notes = said_type(&path, request.headers());
    let expected = expected(request.headers())?;
    let incoming = on_disk(move || Ok(home.put(&path)?)).await?;
    let (pieces, received) = mpsc::channel(PIECES_WAITING);
    let writing = on_disk(move || write(incoming, received, &notes, expected));
    let body = request.into_body().into_data_stream();
    let (sent, stored) = tokio::join!(pass_on(space, body, pieces), writing);
    // The disk's reason comes first: when it stops, nobody takes the pieces any more.
    let stored = stored?;
    sent?;
    stored.ok_or(Fault::Broken)
}

/// Sends the pieces of a body to the disk, and last that it was whole.
async fn pass_on(
    space: &Space,
    mut body: BodyDataStream,
    pieces: mpsc::Sender<Option<Bytes>>,
) -> Result<(), Fault> {
    let within = space.limits.piece_within;
    loop {
        let piece = timeout(within, body.next()).await;
        let piece = match piece.map_err(|_| Fault::TooSlow { seconds: within.as_secs() })? {
            Some(Ok(piece)) => Some(piece),
            Some(Err(_)) => {
                let what = "the file was cut on the way: put it again".to_owned();
                return Err(Fault::InvalidArgument { what });
            }
            None => None,
        };
        let is_last = piece.is_none();
        if pieces.send(piece).await.is_err() || is_last {
            return Ok(());
        }
    }
}

/// Writes what arrives; nothing is stored of a body that does not end.
fn write(
    mut incoming: Incoming,
    mut pieces: mpsc::Receiver<Option<Bytes>>,
    notes: &[Change],
    expected: Option<[u8; 16]>,
) -> Result<Option<Stored>, Fault> {
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Some(bytes) => incoming.write(&bytes)?,
            None => return Ok(Some(incoming.finish(notes, expected)?)),
        }
    }
    Ok(None)
}

/// A file on its way to a client. It is never shown as a page of this server: a person may have put a script into it.
fn sent(file: File, entry: &Entry, notes: &Notes, (report, asked_bytes): (Report, Option<u64>)) -> Response {
    let Kind::File { bytes } = entry.kind else { return Fault::Broken.into_response() };
    let said = notes.properties.get(TYPE).and_then(|said| HeaderValue::from_str(said).ok());
    let media_type = said.unwrap_or(HeaderValue::from_static(media::of_name(&entry.name)));
    let name = super::address::encoded(&entry.name);
    let disposition = HeaderValue::from_str(&format!("attachment;filename*=UTF-8''{name}"));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_LENGTH, bytes.into());
    headers
        .insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    if let Some(md5) = notes.md5 {
        headers.insert(DIGEST, digest(md5));
    }
    let read = tokio::io::AsyncReadExt::take(tokio::fs::File::from_std(file), bytes);
    let pieces = ReaderStream::with_capacity(read, PIECE_BYTES);
    let pieces = witness::sent(report, pieces, asked_bytes.unwrap_or(bytes));
    (StatusCode::OK, headers, Body::from_stream(pieces)).into_response()
}

/// The media type that a client says, if it is another than the name promises.
fn said_type(path: &HomePath, headers: &HeaderMap) -> Vec<Change> {
    let promised = path.split().map_or(media::UNKNOWN, |(_, name)| media::of_name(name));
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // What programs say when they know nothing.
    let says_nothing =
        |said: &&str| *said == promised || *said == media::UNKNOWN || said.starts_with("application/x-www");
    let said = said.filter(|said| !says_nothing(said));
    said.map(|said| Change { property: TYPE.to_owned(), value: Some(said.to_owned()) }).into_iter().collect()
}

fn expected(headers: &HeaderMap) -> Result<Option<[u8; 16]>, Fault> {
    let Some(text) = headers.get(DIGEST).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    let md5 = text.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("md5"));
    let Some((_, value)) = md5 else { return Ok(None) };
    let md5 = STANDARD.decode(value).ok().and_then(|md5| md5.try_into().ok());
    let what = || "the header Digest is md5= and the checksum in base64 (RFC 3230)".to_owned();
    md5.map(Some).ok_or_else(|| Fault::InvalidArgument { what: what() })
}

fn digest(md5: [u8; 16]) -> HeaderValue {
    let text = format!("md5={}", STANDARD.encode(md5));
    HeaderValue::from_str(&text).expect("base64 is visible ASCII")
}
