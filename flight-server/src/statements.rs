//! Statements: from a caller's SQL to the offer of its rows, and from a ticket to the rows.

use std::sync::Arc;

use api::names::Username;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, ProstMessageExt,
    TicketStatementQuery,
};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use arrow_schema::{ArrowError, Schema};
use bytes::Bytes;
use catalogue::engine::{Catalogue, Query, User};
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::plans::Plans;
use crate::rows::{Report, Rows};
use crate::seal::{Purpose, Sealer};
use crate::status;

/// Plans, seals and runs statements.
pub(crate) struct Statements {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) sealer: Sealer,
    pub(crate) ticket_seconds: u64,
    pub(crate) prepared_seconds: u64,
    pub(crate) batch_bytes: usize,
    pub(crate) plans: Plans,
    /// Cancelled when streams have to end.
    pub(crate) cut: CancellationToken,
}

impl Statements {
    /// The columns of a statement's answer. Fails as the statement itself would, so that mistakes show early.
    pub(crate) async fn schema(&self, user: &User, sql: &str) -> Result<Arc<Schema>, Status> {
        Ok(self.plan(user, sql).await?.schema())
    }

    async fn plan(&self, user: &User, sql: &str) -> Result<Query, Status> {
        self.catalogue.plan(user, sql).await.map_err(|error| {
            let refused = status::of_query(&error);
            Report::new(user).end(refused.code());
            refused
        })
    }

    /// The offer of a statement's rows: one endpoint, here, with a ticket for this user.
    pub(crate) async fn offer(
        &self,
        user: &User,
        sql: &str,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let query = self.plan(user, sql).await?;
        let schema = query.schema();
        self.plans.keep(&user.name, sql, query);
        let expires = after(self.ticket_seconds);
        let handle = self.sealer.seal(Purpose::Ticket, &user.name, sql, expires);
        let ticket = TicketStatementQuery { statement_handle: handle }.as_any().encode_to_vec();
        let expiry = prost_types::Timestamp { seconds: expires.as_second(), nanos: 0 };
        let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket)).with_expiration_time(expiry);
        let info = FlightInfo::new().with_descriptor(descriptor).with_endpoint(endpoint);
        info.try_with_schema(&schema).map_err(encoding)
    }

    /// The rows that a ticket stands for.
    pub(crate) async fn rows(&self, user: &User, ticket: &[u8]) -> Result<Rows, Status> {
        let sql = self.open(Purpose::Ticket, &user.name, ticket)?;
        let mut report = Report::new(user);
        let running = async {
            let query = match self.plans.take(&user.name, &sql) {
                Some(query) => query,
                None => self.catalogue.plan(user, &sql).await?,
            };
            query.execute().await
        };
        match running.await {
            Ok(rows) => Ok(Rows::new(rows, self.batch_bytes, self.cut.clone(), report)),
            Err(error) => {
                let refused = status::of_query(&error);
                report.end(refused.code());
                Err(refused)
            }
        }
    }

    /// A statement to be used several times. Parameters do not exist yet.
    pub(crate) async fn prepare(
        &self,
        user: &User,
        request: ActionCreatePreparedStatementRequest,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let schema = self.schema(user, &request.query).await?;
        let expires = after(self.prepared_seconds);
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: self.sealer.seal(
                Purpose::Prepared,
                &user.name,
                &request.query,
                expires,
            ),
            dataset_schema: ipc(&schema)?,
            parameter_schema: ipc(&Schema::empty())?,
        })
    }

    /// The SQL of a prepared statement.
    pub(crate) fn prepared(&self, user: &User, handle: &[u8]) -> Result<String, Status> {
        self.open(Purpose::Prepared, &user.name, handle)
    }

    fn open(&self, purpose: Purpose, user: &Username, sealed: &[u8]) -> Result<String, Status> {
        self.sealer.open(purpose, user, sealed, Timestamp::now()).map_err(status::of_seal)
    }
}

fn after(seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    Timestamp::now().saturating_add(seconds).unwrap_or(Timestamp::MAX)
}

/// A schema as an encapsulated IPC message.
pub(crate) fn ipc(schema: &Schema) -> Result<Bytes, Status> {
    let message: Result<IpcMessage, ArrowError> =
        SchemaAsIpc::new(schema, &IpcWriteOptions::default()).try_into();
    message.map(|message| message.0).map_err(encoding)
}

/// An Arrow schema that cannot be encoded is a defect here, not of the query.
pub(crate) fn encoding(error: ArrowError) -> Status {
    tracing::error!(%error, "an Arrow message could not be encoded");
    Status::internal("the answer could not be encoded: tell the operator, whose log has the details")
}
