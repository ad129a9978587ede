//! Every Flight call on one page: who asks, what for, and who answers.
//!
//! `FlightService` directly and not arrow-flight's `FlightSqlService`, which has no GetSchema and no plain SQL.

use std::time::Instant;

use api::token::Verifier;
use arrow::array::RecordBatch;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest, Any, DoPutUpdateResult,
    ProstMessageExt,
};
use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, Criteria, Empty,
    FlightData, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse, PollInfo,
    PutResult, RenewFlightEndpointRequest, Result as ActionResult, SchemaResult, Ticket,
};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use catalogue::engine::User;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::command::{self, Listing, Put, Redeem};
use crate::incoming::Incoming;
use crate::statement::Statement;
use crate::statements::{self, Statements};
use crate::status::unimplemented;
use crate::tables::{self, Tables};
use crate::usage::{self, UsageListener};
use crate::{identity, listings, status};

const CREATE_PREPARED: &str = "CreatePreparedStatement";
const CLOSE_PREPARED: &str = "ClosePreparedStatement";
const CANCEL: &str = "CancelFlightInfo";
const RENEW: &str = "RenewFlightEndpoint";

/// The server's answers.
pub(crate) struct Service {
    pub(crate) verifier: Verifier,
    pub(crate) statements: Statements,
    pub(crate) tables: Option<Tables>,
    pub(crate) usage: UsageListener,
    /// How many values may be bound at once.
    pub(crate) values: tables::Limits,
}

impl Service {
    fn caller(&self, headers: &MetadataMap) -> Result<User, Status> {
        identity::caller(&self.verifier, headers).map_err(status::of_identity)
    }

    async fn listing(&self, user: &User, listing: Listing) -> Result<RecordBatch, Status> {
        let tables = self.statements.catalogue.tables(user).await;
        let tables = tables.map_err(|error| status::of_query(&error))?;
        Ok(listings::batch(listing, &tables, self.tables.is_some())?)
    }

    async fn counted_offer(
        &self,
        user: &User,
        statement: &Statement,
        program: &str,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let began = Instant::now();
        let offer = self.offer(user, statement, descriptor).await;
        self.usage.tell(&statement.sql, program, began, &offer);
        offer
    }

    async fn offer(
        &self,
        user: &User,
        statement: &Statement,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        // Clients ask for the rows of every statement, so one that changes a table is carried out here already.
        let changed = match &self.tables {
            Some(tables) => tables.change(user, statement).await?,
            None => None,
        };
        match changed {
            Some(rows) => self.statements.done(user, rows, descriptor),
            None => self.statements.offer(user, statement, descriptor).await,
        }
    }

    async fn schema(&self, user: &User, statement: &Statement) -> Result<SchemaRef, Status> {
        match self.statements.changes(&statement.sql)? {
            true => Ok(statements::outcome_schema()),
            false => self.statements.schema(user, statement).await,
        }
    }

    fn cancel(&self, user: &User, info: FlightInfo) -> Result<(), Status> {
        for ticket in info.endpoint.iter().filter_map(|endpoint| endpoint.ticket.as_ref()) {
            if let Redeem::Statement(sealed) = command::redeem(&ticket.ticket)? {
                self.statements.cancel(user, &sealed)?;
            }
        }
        Ok(())
    }

    async fn update(&self, user: &User, statement: &Statement) -> Result<i64, Status> {
        if let Some(tables) = &self.tables
            && let Some(rows) = tables.change(user, statement).await?
        {
            return Ok(rows);
        }
        // What may not run at all says so itself.
        self.statements.schema(user, statement).await?;
        Err(Status::invalid_argument("this statement changes nothing: send it as a query"))
    }

    /// Once for each row of values, or once where there are none.
    async fn updates(&self, user: &User, statement: &Statement, rows: &[RecordBatch]) -> Result<i64, Status> {
        let mut sum = match rows.is_empty() {
            true => self.update(user, statement).await?,
            false => 0,
        };
        for batch in rows {
            for row in 0..batch.num_rows() {
                sum += self.update(user, &statement.bind(&batch.slice(row, 1))?).await?;
            }
        }
        Ok(sum)
    }
}

#[tonic::async_trait]
impl FlightService for Service {
    type HandshakeStream = BoxStream<'static, Result<HandshakeResponse, Status>>;
    type ListFlightsStream = BoxStream<'static, Result<FlightInfo, Status>>;
    type DoGetStream = BoxStream<'static, Result<FlightData, Status>>;
    type DoPutStream = BoxStream<'static, Result<PutResult, Status>>;
    type DoExchangeStream = BoxStream<'static, Result<FlightData, Status>>;
    type DoActionStream = BoxStream<'static, Result<ActionResult, Status>>;
    type ListActionsStream = BoxStream<'static, Result<ActionType, Status>>;

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let user = self.caller(request.metadata())?;
        let program = usage::program(request.metadata());
        let descriptor = request.into_inner();
        let info = match command::request(&descriptor)? {
            command::Request::Statement(sql) => {
                self.counted_offer(&user, &Statement::of(&sql), &program, descriptor).await?
            }
            command::Request::Prepared(handle) => {
                let statement = self.statements.prepared(&user, &handle)?;
                self.counted_offer(&user, &statement, &program, descriptor).await?
            }
            command::Request::Listing(listing) => {
                let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(descriptor.cmd.clone()));
                let info = FlightInfo::new().with_descriptor(descriptor).with_endpoint(endpoint);
                info.try_with_schema(&listings::schema(&listing)).map_err(statements::encoding)?
            }
        };
        Ok(Response::new(info))
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        let user = self.caller(request.metadata())?;
        let schema = match command::request(request.get_ref())? {
            command::Request::Statement(sql) => self.schema(&user, &Statement::of(&sql)).await?,
            command::Request::Prepared(handle) => {
                let statement = self.statements.prepared(&user, &handle)?;
                self.schema(&user, &statement).await?
            }
            command::Request::Listing(listing) => listings::schema(&listing),
        };
        Ok(Response::new(SchemaResult { schema: statements::ipc(&schema)? }))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let user = self.caller(request.metadata())?;
        let data = match command::redeem(&request.get_ref().ticket)? {
            Redeem::Statement(sealed) => match self.statements.outcome(&user, &sealed) {
                Some(outcome) => one_batch(outcome),
                None => self.statements.rows(&user, &sealed).await?.boxed(),
            },
            Redeem::Listing(listing) => one_batch(self.listing(&user, listing).await?),
        };
        Ok(Response::new(data))
    }

    async fn do_action(&self, request: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        let user = self.caller(request.metadata())?;
        let Action { r#type, body } = request.into_inner();
        let results = match r#type.as_str() {
            CREATE_PREPARED => {
                let request: ActionCreatePreparedStatementRequest = unpack(&body)?;
                let prepared = self.statements.prepare(&user, request).await?;
                vec![Ok(ActionResult::new(prepared.as_any().encode_to_vec()))]
            }
            CLOSE_PREPARED => {
                // The server keeps nothing of a prepared statement.
                let _: ActionClosePreparedStatementRequest = unpack(&body)?;
                vec![]
            }
            CANCEL => {
                let request: CancelFlightInfoRequest = decode(body)?;
                self.cancel(&user, request.info.unwrap_or_default())?;
                let done = CancelFlightInfoResult { status: CancelStatus::Cancelled.into() };
                vec![Ok(ActionResult::new(done.encode_to_vec()))]
            }
            RENEW => {
                let request: RenewFlightEndpointRequest = decode(body)?;
                let endpoint = request.endpoint.unwrap_or_default();
                let renewed = match endpoint
                    .ticket
                    .as_ref()
                    .map(|ticket| command::redeem(&ticket.ticket))
                    .transpose()?
                {
                    Some(Redeem::Statement(sealed)) => self.statements.renew(&user, &sealed)?,
                    // A listing's ticket is good for ever.
                    _ => endpoint,
                };
                vec![Ok(ActionResult::new(renewed.encode_to_vec()))]
            }
            other => return Err(unimplemented(&format!("the action {}", excerpt(other)))),
        };
        Ok(Response::new(stream::iter(results).boxed()))
    }

    async fn list_actions(
        &self,
        request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        self.caller(request.metadata())?;
        let action = |name: &str, description: &str| {
            Ok(ActionType { r#type: name.to_owned(), description: description.to_owned() })
        };
        let actions = [
            action(
                CREATE_PREPARED,
                "ActionCreatePreparedStatementRequest: check a statement, to bind its parameters and run it later",
            ),
            action(CLOSE_PREPARED, "ActionClosePreparedStatementRequest: forget it"),
            action(CANCEL, "CancelFlightInfoRequest: end the streams of an offer"),
            action(RENEW, "RenewFlightEndpointRequest: the same endpoint, good for longer"),
        ];
        Ok(Response::new(stream::iter(actions).boxed()))
    }

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        self.caller(request.metadata())?;
        Err(unimplemented("ListFlights"))
    }

    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        // An offer is planned within milliseconds, and its rows are made while they are fetched: it is complete at once.
        let info = self.get_flight_info(request).await?.into_inner();
        let poll = PollInfo::new().with_info(info).try_with_progress(1.0);
        Ok(Response::new(poll.map_err(statements::encoding)?))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let user = self.caller(request.metadata())?;
        let (incoming, descriptor) = Incoming::begin(request.into_inner()).await?;
        let rows = match command::put(&descriptor)? {
            Put::Ingest(ingest) => match &self.tables {
                Some(tables) => tables.ingest(&user, ingest, incoming).await?,
                None => return Err(unimplemented("DoPut: writing tables")),
            },
            Put::Update(sql) => self.update(&user, &Statement::of(&sql)).await?,
            Put::PreparedUpdate(handle) => {
                let statement = self.statements.prepared(&user, &handle)?;
                let rows = incoming.values(self.values).await?;
                self.updates(&user, &statement, &rows).await?
            }
            Put::Bind(handle) => {
                let rows = incoming.values(self.values).await?;
                let bound = self.statements.bind(&user, &handle, &rows).await?;
                return Ok(put_result(&bound));
            }
        };
        Ok(put_result(&DoPutUpdateResult { record_count: rows }))
    }

    async fn do_exchange(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        self.caller(request.metadata())?;
        Err(unimplemented("DoExchange"))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Err(Status::unimplemented(
            "there is no handshake here: send the header 'authorization: Bearer <token>' with every call",
        ))
    }
}

fn put_result(message: &impl Message) -> Response<BoxStream<'static, Result<PutResult, Status>>> {
    let app_metadata = message.encode_to_vec().into();
    Response::new(stream::iter([Ok(PutResult { app_metadata })]).boxed())
}

fn one_batch(batch: RecordBatch) -> BoxStream<'static, Result<FlightData, Status>> {
    let schema = batch.schema();
    let encoder = FlightDataEncoderBuilder::new().with_schema(schema).build(stream::iter([Ok(batch)]));
    encoder.map_err(Status::from).boxed()
}

fn decode<T: Message + Default>(body: Bytes) -> Result<T, Status> {
    T::decode(body)
        .map_err(|_| Status::invalid_argument("the action's body is not the message that it should be"))
}

fn unpack<T: ProstMessageExt>(body: &[u8]) -> Result<T, Status> {
    let wrong = || Status::invalid_argument(format!("the action's body is not a {}", T::type_url()));
    let any = Any::decode(body).map_err(|_| wrong())?;
    any.unpack().ok().flatten().ok_or_else(wrong)
}

/// Names of actions come from outside, and go into an error text.
fn excerpt(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic()).take(60).collect()
}
