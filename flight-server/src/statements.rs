//! Statements: from a caller's SQL to the offer of its rows, and from a ticket to the rows.

use std::sync::Arc;

use api::names::Username;
use arrow::array::{Int64Array, RecordBatch};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, ProstMessageExt,
    TicketStatementQuery,
};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use audit::{Reports, Verb};
use bytes::Bytes;
use catalogue::engine::{Catalogue, Query, User};
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::plans::Plans;
use crate::report;
use crate::rows::{Ends, Rows};
use crate::running::Running;
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
    /// Whether users have tables of their own here.
    pub(crate) user_space: bool,
    /// What the logs are told.
    pub(crate) reports: Reports,
    /// Streams that can be cancelled.
    pub(crate) running: Running,
    /// Cancelled when streams have to end.
    pub(crate) cut: CancellationToken,
}

impl Statements {
    /// The columns of a statement's answer. Fails as the statement itself would, so that mistakes show early.
    pub(crate) async fn schema(&self, user: &User, sql: &str) -> Result<Arc<Schema>, Status> {
        Ok(self.plan(user, sql).await?.schema())
    }

    /// Whether a statement changes a table.
    pub(crate) fn changes(&self, sql: &str) -> Result<bool, Status> {
        let change = self.catalogue.change(sql).map_err(|error| status::of_query(&error))?;
        Ok(self.user_space && change.is_some())
    }

    async fn plan(&self, user: &User, sql: &str) -> Result<Query, Status> {
        self.catalogue.plan(user, sql).await.map_err(|error| {
            let refused = status::of_query(&error);
            report::end(&mut self.reports.begin(user.name.as_str(), Verb::Read), refused.code());
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
        self.plans.keep(&user.name, sql, query.epoch(), query);
        self.sealed(user, Purpose::Ticket, sql, &schema, descriptor)
    }

    /// What a statement has done, as an offer of one row.
    pub(crate) fn done(
        &self,
        user: &User,
        rows: i64,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        self.sealed(user, Purpose::Outcome, &rows.to_string(), &outcome_schema(), descriptor)
    }

    fn sealed(
        &self,
        user: &User,
        purpose: Purpose,
        text: &str,
        schema: &Schema,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let endpoint = self.endpoint(user, purpose, text);
        let info = FlightInfo::new().with_descriptor(descriptor).with_endpoint(endpoint);
        info.try_with_schema(schema).map_err(encoding)
    }

    fn endpoint(&self, user: &User, purpose: Purpose, text: &str) -> FlightEndpoint {
        let expires = after(self.ticket_seconds);
        let handle = self.sealer.seal(purpose, &user.name, text, expires);
        let ticket = TicketStatementQuery { statement_handle: handle }.as_any().encode_to_vec();
        let expiry = prost_types::Timestamp { seconds: expires.as_second(), nanos: 0 };
        FlightEndpoint::new().with_ticket(Ticket::new(ticket)).with_expiration_time(expiry)
    }

    /// What a statement has done, if the ticket is of that kind.
    pub(crate) fn outcome(&self, user: &User, ticket: &[u8]) -> Option<RecordBatch> {
        let rows = self.open(Purpose::Outcome, &user.name, ticket).ok()?.parse::<i64>().ok()?;
        RecordBatch::try_new(outcome_schema(), vec![Arc::new(Int64Array::from(vec![rows]))]).ok()
    }

    /// The rows that a ticket stands for.
    pub(crate) async fn rows(&self, user: &User, ticket: &Bytes) -> Result<Rows, Status> {
        let sql = self.open(Purpose::Ticket, &user.name, ticket)?;
        let guard = self.running.begin(ticket).ok_or_else(status::cancelled)?;
        let mut report = self.reports.begin(user.name.as_str(), Verb::Read);
        let tables = &mut report.tables;
        let running = async {
            let epoch = self.catalogue.epoch().await?;
            let query = match self.plans.take(&user.name, &sql, epoch) {
                Some(query) => query,
                None => self.catalogue.plan(user, &sql).await?,
            };
            *tables = query.tables();
            query.execute().await
        };
        match running.await {
            Ok(rows) => {
                report.permitted = true;
                Ok(Rows::new(rows, self.batch_bytes, Ends { cut: self.cut.clone(), guard }, report))
            }
            Err(error) => {
                let refused = status::of_query(&error);
                report::end(&mut report, refused.code());
                Err(refused)
            }
        }
    }

    /// Ends the streams of an offer's ticket, and those that would begin.
    pub(crate) fn cancel(&self, user: &User, ticket: &Bytes) -> Result<(), Status> {
        self.open(Purpose::Ticket, &user.name, ticket)?;
        let now = Timestamp::now().as_second();
        self.running.cancel(ticket, after(self.ticket_seconds).as_second(), now);
        Ok(())
    }

    /// The same endpoint with a ticket that is good for longer.
    pub(crate) fn renew(&self, user: &User, ticket: &Bytes) -> Result<FlightEndpoint, Status> {
        let sql = self.open(Purpose::Ticket, &user.name, ticket)?;
        Ok(self.endpoint(user, Purpose::Ticket, &sql))
    }

    /// A statement to be used several times. Parameters do not exist yet.
    pub(crate) async fn prepare(
        &self,
        user: &User,
        request: ActionCreatePreparedStatementRequest,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let schema = match self.changes(&request.query)? {
            // A client asks for no rows of a statement that has no columns.
            true => Arc::new(Schema::empty()),
            false => self.schema(user, &request.query).await?,
        };
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

/// The one column of the answer to a statement that changes a table.
pub(crate) fn outcome_schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![Field::new("rows", DataType::Int64, false)]))
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
