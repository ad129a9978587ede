//! The rows of one query on their way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow_flight::FlightData;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoder, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use audit::Report;
use catalogue::engine::QueryError;
use futures::{FutureExt, Stream, StreamExt};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Code, Status};

use crate::report;
use crate::running::Guard;
use crate::status;

/// What ends a stream before its last row.
pub(crate) struct Ends {
    /// Cancelled when the server stops.
    pub(crate) cut: CancellationToken,
    /// Knows when the query is cancelled.
    pub(crate) guard: Guard,
}

/// Encoded batches. Ends with an error status unless every row was sent.
pub(crate) struct Rows {
    encoder: Option<FlightDataEncoder>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Among the streams that can be cancelled for as long as it runs.
    _guard: Guard,
    report: Report,
}

impl Rows {
    /// Encodes `rows` into messages of at most about `batch_bytes`.
    pub(crate) fn new(rows: catalogue::engine::Rows, batch_bytes: usize, ends: Ends, report: Report) -> Self {
        let schema = rows.schema();
        let counted = Arc::clone(&report.rows);
        let rows = rows.map(move |batch| count(batch, &counted));
        let encoder = FlightDataEncoderBuilder::new()
            .with_schema(schema)
            .with_dictionary_handling(DictionaryHandling::Resend)
            .with_max_flight_data_size(batch_bytes)
            .build(rows);
        let Ends { cut, guard } = ends;
        let cancelled = Box::pin(guard.cancelled.clone().cancelled_owned());
        let cut = Box::pin(cut.cancelled_owned());
        Self { encoder: Some(encoder), cut, cancelled, _guard: guard, report }
    }

    fn advance(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<FlightData, Status>>> {
        let Some(encoder) = &mut self.encoder else { return Poll::Ready(None) };
        if self.cut.poll_unpin(context).is_ready() {
            return Poll::Ready(Some(Err(Status::unavailable(
                "the server is stopping: run the query again",
            ))));
        }
        if self.cancelled.poll_unpin(context).is_ready() {
            return Poll::Ready(Some(Err(status::cancelled())));
        }
        encoder.poll_next_unpin(context).map(|data| data.map(|data| data.map_err(Status::from)))
    }
}

fn count(batch: Result<RecordBatch, QueryError>, rows: &AtomicU64) -> Result<RecordBatch, FlightError> {
    let batch = batch.map_err(|error| FlightError::Tonic(Box::new(status::of_query(&error))))?;
    rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
    Ok(batch)
}

impl Stream for Rows {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.advance(context);
        match &next {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(data))) => self.report.bytes += data.data_body.len() as u64,
            Poll::Ready(Some(Err(error))) => {
                report::end(&mut self.report, error.code());
                self.encoder = None;
            }
            Poll::Ready(None) => {
                report::end(&mut self.report, Code::Ok);
                self.encoder = None;
            }
        }
        next
    }
}
