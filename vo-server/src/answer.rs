//! An answer on its way out: rows in, pieces of a document out, one batch at a time.
//!
//! What asks and where the pieces go is decided elsewhere: to a client that waits, or to the file of a job.

use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use catalogue::engine::{QueryError, Rows};
use futures::stream::{self, Stream, StreamExt};
use http::{HeaderValue, header};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::format::{Ending, Writer};
use crate::refusal::Refusal;

/// Rows with the columns of all of them.
pub(crate) struct Table {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows; after an error there are no more.
    pub rows: Pin<Box<dyn Stream<Item = Result<RecordBatch, QueryError>> + Send>>,
}

impl Table {
    /// A table of rows that are there already.
    pub(crate) fn of_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, rows: stream::iter(batches.into_iter().map(Ok)).boxed() }
    }

    /// Waits for the first rows, so that a query that fails early is refused and not answered.
    pub(crate) async fn started(mut self) -> Result<Self, QueryError> {
        let first = self.rows.next().await.transpose()?;
        Ok(Self { schema: self.schema, rows: stream::iter(first.map(Ok)).chain(self.rows).boxed() })
    }
}

impl From<Rows> for Table {
    fn from(rows: Rows) -> Self {
        Self { schema: rows.schema(), rows: rows.boxed() }
    }
}

/// Where pieces go.
pub(crate) trait Sink: Send {
    /// Takes a piece; fails when nobody wants more.
    fn put(&mut self, piece: Vec<u8>) -> impl Future<Output = Result<(), WriteError>> + Send;
}

/// Why an answer was not written to its end.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// The query failed on its way.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A value has no form in the format.
    #[error("the answer could not be written in this format: {0}")]
    Encoding(#[from] ArrowError),
    /// The client went away.
    #[error("the client went away")]
    Gone,
    /// The disk failed.
    #[error("the result could not be stored: tell the operator")]
    Disk(#[from] std::io::Error),
    /// The result is larger than may be stored.
    #[error("the result has more than {limit_bytes} bytes: ask for fewer rows or columns, or in parts")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Rows.
    pub rows: u64,
    /// Whether there would have been more.
    pub overflow: bool,
}

/// Writes a table to its end, or to `max_rows`. A failure is told in the document where its format can.
pub(crate) async fn write(
    mut table: Table,
    writer: Box<dyn Writer>,
    max_rows: Option<u64>,
    sink: &mut impl Sink,
) -> Result<Written, WriteError> {
    let schema = table.schema.clone();
    let (mut writer, mut head, ()) = encode(writer, move |writer, out| writer.begin(&schema, out)).await?;
    let mut written = Written { rows: 0, overflow: false };
    while !written.overflow {
        let batch = match table.rows.next().await {
            None => break,
            Some(Ok(batch)) => batch,
            Some(Err(error)) => return failed(writer, head, error, sink).await,
        };
        let left = max_rows.map_or(u64::MAX, |most| most - written.rows);
        let batch = match usize::try_from(left) {
            Ok(left) if left < batch.num_rows() => {
                written.overflow = true;
                batch.slice(0, left)
            }
            _ => batch,
        };
        written.rows += batch.num_rows() as u64;
        let (next, piece, ()) = encode(writer, move |writer, out| {
            out.append(&mut head);
            writer.rows(&batch, out)
        })
        .await?;
        (writer, head) = (next, Vec::new());
        sink.put(piece).await?;
    }
    let ending = if written.overflow { Ending::Overflow } else { Ending::Complete };
    finish(writer, head, ending, sink).await.map(|()| written)
}

async fn failed(
    writer: Box<dyn Writer>,
    head: Vec<u8>,
    error: QueryError,
    sink: &mut impl Sink,
) -> Result<Written, WriteError> {
    if writer.can_tell_failure() {
        finish(writer, head, Ending::Failed(error.to_string()), sink).await?;
    }
    Err(error.into())
}

async fn finish(
    mut writer: Box<dyn Writer>,
    head: Vec<u8>,
    ending: Ending,
    sink: &mut impl Sink,
) -> Result<(), WriteError> {
    sink.put(head).await?;
    loop {
        let ending = ending.clone();
        let work = move |writer: &mut dyn Writer, out: &mut Vec<u8>| writer.end(&ending, out);
        let (next, piece, last) = encode(writer, work).await?;
        sink.put(piece).await?;
        if last {
            return Ok(());
        }
        writer = next;
    }
}

/// Runs the work of a writer where it does not keep other connections waiting.
async fn encode<T: Send + 'static>(
    mut writer: Box<dyn Writer>,
    work: impl FnOnce(&mut dyn Writer, &mut Vec<u8>) -> Result<T, ArrowError> + Send + 'static,
) -> Result<(Box<dyn Writer>, Vec<u8>, T), WriteError> {
    let encoded = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        work(writer.as_mut(), &mut out).map(|done| (writer, out, done))
    });
    match encoded.await {
        Ok(encoded) => Ok(encoded?),
        Err(_) => Err(WriteError::Gone),
    }
}

/// Pieces on their way to a client.
pub(crate) struct Pieces(pub mpsc::Sender<Result<Bytes, WriteError>>);

impl Sink for Pieces {
    async fn put(&mut self, piece: Vec<u8>) -> Result<(), WriteError> {
        if piece.is_empty() {
            return Ok(());
        }
        self.0.send(Ok(piece.into())).await.map_err(|_| WriteError::Gone)
    }
}

/// How an answer is sent.
pub(crate) struct Delivery {
    /// What writes it.
    pub writer: Box<dyn Writer>,
    /// Its media type.
    pub media_type: &'static str,
    /// The name of the file, for those who save it.
    pub file_name: String,
    /// Rows at most.
    pub max_rows: Option<u64>,
    /// Pieces that wait for a slow client.
    pub pieces_waiting: usize,
}

/// Sends a table while it is written. A query that fails before its first row is refused instead; one that fails
/// later says so in the document, or cuts the connection.
pub(crate) async fn respond(table: Table, delivery: Delivery) -> Result<Response, Refusal> {
    let Delivery { writer, media_type, file_name, max_rows, pieces_waiting } = delivery;
    let table = table.started().await?;
    let (sender, mut receiver) = mpsc::channel(pieces_waiting.max(1));
    let tells = writer.can_tell_failure();
    tokio::spawn(async move {
        let gone = sender.clone();
        let mut pieces = Pieces(sender);
        let outcome = tokio::select! {
            outcome = write(table, writer, max_rows, &mut pieces) => outcome,
            // Dropping the rows stops their query.
            () = gone.closed() => return,
        };
        if let Err(error) = outcome.as_ref().map_err(ToString::to_string) {
            tracing::info!(%error, "an answer ended early");
        }
        if let (Err(error), false) = (outcome, tells) {
            // A receiver that is gone needs no error.
            let _ = pieces.0.send(Err(error)).await;
        }
    });
    let body = stream::poll_fn(move |context| receiver.poll_recv(context));
    let file = HeaderValue::from_str(&format!("attachment;filename=\"{file_name}\""));
    let file = file.unwrap_or(HeaderValue::from_static("attachment"));
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CONTENT_DISPOSITION, file)];
    Ok((headers, Body::from_stream(body)).into_response())
}
