//! Rows that a client sends, message by message. What a message claims is checked before the decoder reserves memory
//! for it: lengths of compressed buffers and numbers of rows are only numbers, and may lie.

mod claims;

use std::future::ready;
use std::panic::AssertUnwindSafe;

use arrow::array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, FlightDescriptor};
use arrow_schema::SchemaRef;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use tonic::{Status, Streaming};

use crate::tables::Limits;

/// The messages of one upload, from its first.
pub(crate) struct Incoming {
    messages: BoxStream<'static, Result<FlightData, Status>>,
}

/// The rows in them.
pub(crate) struct Batches {
    decoder: FlightRecordBatchStream,
    /// The batch that came with the schema.
    first: Option<RecordBatch>,
    schema: SchemaRef,
}

impl Incoming {
    /// Waits for the first message, which says what the rows are for.
    pub(crate) async fn begin(
        mut messages: Streaming<FlightData>,
    ) -> Result<(Self, FlightDescriptor), Status> {
        let first = messages.message().await?;
        let first =
            first.ok_or_else(|| Status::invalid_argument("the upload ended before its first message"))?;
        let descriptor = first.flight_descriptor.clone().ok_or_else(|| {
            Status::invalid_argument(
                "the first message of an upload has no descriptor, which says what it is for",
            )
        })?;
        Ok((Self { messages: stream::iter([Ok(first)]).chain(messages).boxed() }, descriptor))
    }

    /// Rows of values for parameters, all of them; none where the client sends no columns either.
    pub(crate) async fn values(self, limits: Limits) -> Result<Vec<RecordBatch>, Status> {
        let with_rows = self.messages.try_filter(|message| ready(!message.data_header.is_empty()));
        let mut messages = Box::pin(with_rows.peekable());
        if messages.as_mut().peek().await.is_none() {
            return Ok(Vec::new());
        }
        let mut batches = Self { messages: messages.boxed() }.batches(limits).await?;
        let (mut rows, mut kept) = (Vec::new(), 0);
        while let Some(batch) = batches.next().await? {
            kept += batch.num_rows();
            if kept > limits.batch_rows {
                let most = limits.batch_rows;
                return Err(Status::invalid_argument(format!(
                    "more than {most} rows of values were bound: send rows by a bulk ingest"
                )));
            }
            if batch.num_rows() > 0 {
                rows.push(batch);
            }
        }
        Ok(rows)
    }

    /// Reads the columns.
    pub(crate) async fn batches(self, limits: Limits) -> Result<Batches, Status> {
        let checked =
            self.messages.and_then(move |message| ready(claims::check(&message, limits).map(|()| message)));
        let checked = checked.map_err(|status| FlightError::Tonic(Box::new(status)));
        let mut decoder = FlightRecordBatchStream::new_from_flight_data(checked);
        // The decoder tells the schema once it has been asked for rows.
        let first = next(&mut decoder).await?;
        let schema = decoder.schema().cloned();
        let schema = schema.ok_or_else(|| Status::invalid_argument("the upload has no schema"))?;
        Ok(Batches { decoder, first, schema })
    }
}

impl Batches {
    /// The columns of every batch.
    pub(crate) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The next rows; `None` when the client has sent all of them.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, Status> {
        match self.first.take() {
            Some(batch) => Ok(Some(batch)),
            None => next(&mut self.decoder).await,
        }
    }
}

async fn next(decoder: &mut FlightRecordBatchStream) -> Result<Option<RecordBatch>, Status> {
    let next = AssertUnwindSafe(decoder.try_next()).catch_unwind().await;
    let next = next.unwrap_or_else(|_| Err(FlightError::DecodeError("the decoder gave up".to_owned())));
    next.map_err(|error| match error {
        FlightError::Tonic(status) => *status,
        FlightError::Arrow(error) => Status::invalid_argument(format!("the upload cannot be read: {error}")),
        other => Status::invalid_argument(format!("the upload cannot be read: {other}")),
    })
}
