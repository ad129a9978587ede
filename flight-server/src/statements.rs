//! Statements: from a caller's SQL to the offer of its rows, and from a ticket to the rows.

use std::sync::Arc;

use api::names::Username;
use arrow::array::{Int64Array, RecordBatch};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use audit::{Reports, Verb};
use bytes::Bytes;
use catalogue::engine::{Catalogue, Query, QueryError, User};
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::plans::Plans;
use crate::report;
use crate::rows::{Ends, Rows};
use crate::running::Running;
use crate::seal::{Purpose, SealError, Sealer};
use crate::statement::Statement;
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
    pub(crate) async fn schema(&self, user: &User, statement: &Statement) -> Result<Arc<Schema>, Status> {
        Ok(self.plan(user, statement).await?.schema())
    }

    /// Whether a statement changes a table.
    pub(crate) fn changes(&self, sql: &str) -> Result<bool, Status> {
        let change = self.catalogue.change(sql).map_err(|error| status::of_query(&error))?;
        Ok(self.user_space && change.is_some())
    }

    async fn plan(&self, user: &User, statement: &Statement) -> Result<Query, Status> {
        let planned = self.catalogue.plan_bound(user, &statement.sql, statement.values()?).await;
        self.told(user, planned)
    }

    /// What came of planning; a refusal is in the logs too.
    pub(crate) fn told<T>(&self, user: &User, planned: Result<T, QueryError>) -> Result<T, Status> {
        planned.map_err(|error| {
            let refused = status::of_query(&error);
            report::end(&mut self.reports.begin(user.name.as_str(), Verb::Read), refused.code());
            refused
        })
    }

    /// The offer of a statement's rows: one endpoint, here, with a ticket for this user.
    pub(crate) async fn offer(
        &self,
        user: &User,
        statement: &Statement,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let query = self.plan(user, statement).await?;
        let schema = query.schema();
        self.plans.keep(&user.name, statement, query.epoch(), query);
        self.sealed(user, Purpose::Ticket, &statement.to_bytes(), &schema, descriptor)
    }

    /// What a statement has done, as an offer of one row.
    pub(crate) fn done(
        &self,
        user: &User,
        rows: i64,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        self.sealed(user, Purpose::Outcome, &rows.to_be_bytes(), &outcome_schema(), descriptor)
    }

    fn sealed(
        &self,
        user: &User,
        purpose: Purpose,
        text: &[u8],
        schema: &Schema,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let endpoint = self.endpoint(user, purpose, text);
        let info = FlightInfo::new().with_descriptor(descriptor).with_endpoint(endpoint);
        info.try_with_schema(schema).map_err(encoding)
    }

    fn endpoint(&self, user: &User, purpose: Purpose, text: &[u8]) -> FlightEndpoint {
        let expires = after(self.ticket_seconds);
        let handle = self.sealer.seal(purpose, &user.name, text, expires);
        let ticket = TicketStatementQuery { statement_handle: handle }.as_any().encode_to_vec();
        let expiry = prost_types::Timestamp { seconds: expires.as_second(), nanos: 0 };
        FlightEndpoint::new().with_ticket(Ticket::new(ticket)).with_expiration_time(expiry)
    }

    /// What a statement has done, if the ticket is of that kind.
    pub(crate) fn outcome(&self, user: &User, ticket: &[u8]) -> Option<RecordBatch> {
        let rows = self.open(Purpose::Outcome, &user.name, ticket).ok()?;
        let rows = i64::from_be_bytes(rows.try_into().ok()?);
        RecordBatch::try_new(outcome_schema(), vec![Arc::new(Int64Array::from(vec![rows]))]).ok()
    }

    /// The rows that a ticket stands for.
    pub(crate) async fn rows(&self, user: &User, ticket: &Bytes) -> Result<Rows, Status> {
        let statement = self.open_statement(Purpose::Ticket, user, ticket)?;
        let values = statement.values()?;
        let guard = self.running.begin(ticket).ok_or_else(status::cancelled)?;
        let mut report = self.reports.begin(user.name.as_str(), Verb::Read);
        let tables = &mut report.tables;
        let running = async {
            let epoch = self.catalogue.epoch().await?;
            let query = match self.plans.take(&user.name, &statement, epoch) {
                Some(query) => query,
                None => self.catalogue.plan_bound(user, &statement.sql, values).await?,
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
        Ok(self.endpoint(user, Purpose::Ticket, sql))
    }

    /// The statement that a handle or ticket has inside.
    pub(crate) fn open_statement(
        &self,
        purpose: Purpose,
        user: &User,
        sealed: &[u8],
    ) -> Result<Statement, Status> {
        let text = self.open(purpose, &user.name, sealed)?;
        Statement::from_bytes(text).ok_or_else(|| status::of_seal(SealError::Foreign))
    }

    fn open<'a>(&self, purpose: Purpose, user: &Username, sealed: &'a [u8]) -> Result<&'a [u8], Status> {
        self.sealer.open(purpose, user, sealed, Timestamp::now()).map_err(status::of_seal)
    }
}

/// The one column of the answer to a statement that changes a table.
pub(crate) fn outcome_schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![Field::new("rows", DataType::Int64, false)]))
}

pub(crate) fn after(seconds: u64) -> Timestamp {
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
