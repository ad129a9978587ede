//! Products of sources: light curves and spectra by identifier (`/data-server`, as the Gaia archive serves them), and
//! the links that lead to them (DataLink 1.1).
//!
//! There is no limit on the number of identifiers: they are looked up in groups, and files leave as they are made.

mod bundle;
mod ids;
pub(crate) mod links;
mod lookup;
mod products;
mod request;
mod zip;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{HeaderValue, header};
use tokio::sync::mpsc;

use crate::app::App;
use crate::dali::Answer;
use crate::identity::Caller;
use crate::parameters::Parameters;
use bundle::Bundle;
use request::DataRequest;

/// `GET` or `POST /data-server/data`: a zip of files, or the one file that is asked for.
pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let asked = DataRequest::read(&app, &caller, &parameters)?;
    let (name, media_type) = match asked.single_file() {
        true => (asked.file_name(), asked.offer.media_type),
        false => ("datalink.zip".to_owned(), "application/zip"),
    };
    let (sender, mut receiver) = mpsc::channel(app.config.traffic.pieces_waiting.max(1));
    // What fails before its first file is refused; later the connection is cut, and no zip has its end.
    let bundle = Bundle::open(&app, &caller, asked).await?;
    tokio::spawn(async move {
        if let Err(error) = bundle.send(&sender).await {
            tracing::info!(%error, "a bundle of products ended early");
            // A receiver that is gone needs no error.
            let _ = sender.send(Err(error)).await;
        }
    });
    let body = stream::poll_fn(move |context| receiver.poll_recv(context));
    let file = HeaderValue::from_str(&format!("attachment;filename=\"{name}\""));
    let file = file.unwrap_or(HeaderValue::from_static("attachment"));
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(body)).into_response())
}
