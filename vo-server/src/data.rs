//! Products of sources: light curves and spectra by identifier (`/data-server`, as the Gaia archive serves them), and
//! the links that lead to them (DataLink 1.1).
//!
//! There is no limit on the number of identifiers: they are looked up in groups, and files leave as they are made.

mod bundle;
mod ids;
mod lengths;
pub(crate) mod links;
mod lookup;
mod order;
mod part;
mod products;
mod request;
pub(crate) mod snapshots;
mod tag;
mod zip;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::sync::mpsc;

use crate::answer::{Pieces, WriteError};
use crate::app::App;
use crate::dali::Answer;
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use bundle::Bundle;
pub(crate) use lengths::Lengths;
use part::{Condition, Counted, Nowhere, Range, Wanted, Window};
use request::DataRequest;

/// A download: who wants what, and its tag.
#[derive(Clone)]
struct Download {
    app: App,
    caller: Caller,
    asked: DataRequest,
    tag: String,
}

/// `GET` or `POST /data-server/data`: a zip of files, or the one file that is asked for; a part of it for who has the
/// rest. A `POST` may ask for a part too, because more identifiers than an address holds come that way.
pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let wanted = Wanted::read(request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let asked = DataRequest::read(&app, &caller, &parameters).await?;
    let tag = tag::of(&app, &asked);
    let download = Download { app, caller, asked, tag };
    Ok(match download.range(wanted).await? {
        None => download.whole().await?,
        Some(range) => download.part(range).await?,
    })
}

impl Download {
    /// The part to send, if not everything.
    async fn range(&self, wanted: Wanted) -> Result<Option<Range>, Refusal> {
        match wanted {
            Wanted::Whole => Ok(None),
            Wanted::WholeOf(tags) => self.must_be(&tags).map(|()| None),
            Wanted::Part { range, condition: Some(Condition::OrNothing(tags)) } => {
                self.must_be(&tags).map(|()| Some(range))
            }
            Wanted::Part { range, condition: Some(Condition::OrWhole(tag)) } => {
                Ok((tag == self.tag).then_some(range))
            }
            Wanted::Part { range, condition: None } => {
                let unchanged = snapshots::unchanged(&self.app, &self.asked.release).await?;
                Ok(unchanged.then_some(range))
            }
        }
    }

    fn must_be(&self, tags: &str) -> Result<(), Refusal> {
        if part::names(tags, &self.tag) { Ok(()) } else { Err(Refusal::Changed) }
    }

    async fn whole(self) -> Result<Response, Refusal> {
        let mut headers = self.headers();
        if let Some(bytes) = self.app.lengths.get(&self.tag) {
            headers.insert(header::CONTENT_LENGTH, bytes.into());
        }
        Ok((headers, self.body(0, u64::MAX).await?).into_response())
    }

    async fn part(self, range: Range) -> Result<Response, Refusal> {
        let length = self.length().await?;
        let mut headers = self.headers();
        let text =
            |text: String| HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("bytes */*"));
        let Some((first, bytes)) = range.of(length) else {
            headers.insert(header::CONTENT_RANGE, text(format!("bytes */{length}")));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        };
        headers.insert(header::CONTENT_RANGE, text(format!("bytes {first}-{}/{length}", first + bytes - 1)));
        headers.insert(header::CONTENT_LENGTH, bytes.into());
        Ok((StatusCode::PARTIAL_CONTENT, headers, self.body(first, bytes).await?).into_response())
    }

    /// How many bytes there are. A part has to say so: where nobody knows yet, everything is made once for that.
    async fn length(&self) -> Result<u64, Refusal> {
        if let Some(bytes) = self.app.lengths.get(&self.tag) {
            return Ok(bytes);
        }
        let mut counted = Counted { sink: Nowhere, bytes: 0 };
        let bundle = Bundle::open(&self.app, &self.caller, self.asked.clone()).await?;
        bundle.send(&mut counted).await.map_err(|error| match error {
            WriteError::Query(error) => Refusal::Query(error),
            WriteError::Encoding(error) => Refusal::Encoding(error),
            other => Refusal::from_io(std::io::Error::other(other)),
        })?;
        self.app.lengths.learn(&self.tag, counted.bytes);
        Ok(counted.bytes)
    }

    fn headers(&self) -> HeaderMap {
        let Self { asked, tag, .. } = self;
        let (name, media_type) = match asked.single_file() {
            true => (asked.file_name(), asked.offer.media_type),
            false => ("datalink.zip".to_owned(), "application/zip"),
        };
        let file = HeaderValue::from_str(&format!("attachment;filename=\"{name}\""));
        let file = file.unwrap_or(HeaderValue::from_static("attachment"));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_DISPOSITION, file);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Ok(tag) = HeaderValue::from_str(tag) {
            headers.insert(header::ETAG, tag);
        }
        headers
    }

    /// `bytes` from the byte `first`, while they are made; what comes before is made too, and left out.
    async fn body(self, first: u64, bytes: u64) -> Result<Body, Refusal> {
        let Self { app, caller, asked, tag } = self;
        let (sender, mut receiver) = mpsc::channel(app.config.traffic.pieces_waiting.max(1));
        // What fails before its first file is refused; later the connection is cut, and no zip has its end.
        let bundle = Bundle::open(&app, &caller, asked).await?;
        tokio::spawn(async move {
            let window = Window { sink: Pieces(sender.clone()), before: first, left: bytes };
            let mut counted = Counted { sink: window, bytes: 0 };
            match bundle.send(&mut counted).await {
                Ok(()) => app.lengths.learn(&tag, counted.bytes),
                // Nobody wants more: the part has been sent, or the client is gone and needs no error.
                Err(WriteError::Gone) => {}
                Err(error) => {
                    tracing::info!(%error, "a download ended early");
                    // A receiver that is gone needs no error.
                    let _ = sender.send(Err(error)).await;
                }
            }
        });
        Ok(Body::from_stream(stream::poll_fn(move |context| receiver.poll_recv(context))))
    }
}
