//! Every Flight call on one page: who asks, what for, and who answers.
//!
//! `FlightService` directly and not arrow-flight's `FlightSqlService`, which has no GetSchema and no plain SQL.

use api::token::Verifier;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest, Any, ProstMessageExt,
};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, Result as ActionResult, SchemaResult, Ticket,
};
use catalogue::engine::User;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::command::{self, Listing, Redeem};
use crate::statements::{self, Statements};
use crate::status::unimplemented;
use crate::{identity, listings, status};

const CREATE_PREPARED: &str = "CreatePreparedStatement";
const CLOSE_PREPARED: &str = "ClosePreparedStatement";

/// The server's answers.
pub(crate) struct Service {
    pub(crate) verifier: Verifier,
    pub(crate) statements: Statements,
}

impl Service {
    fn caller(&self, headers: &MetadataMap) -> Result<User, Status> {
        identity::caller(&self.verifier, headers).map_err(status::of_identity)
    }

    fn listing(
        &self,
        user: &User,
        listing: Listing,
    ) -> Result<BoxStream<'static, Result<FlightData, Status>>, Status> {
        let schema = listings::schema(&listing);
        let tables = self.statements.catalogue.tables(user);
        let batch = listings::batch(listing, &tables)?;
        let batches = stream::once(async { Ok(batch) });
        let encoder = FlightDataEncoderBuilder::new().with_schema(schema).build(batches);
        Ok(encoder.map_err(Status::from).boxed())
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
        let descriptor = request.into_inner();
        let info = match command::request(&descriptor)? {
            command::Request::Statement(sql) => self.statements.offer(&user, &sql, descriptor).await?,
            command::Request::Prepared(handle) => {
                let sql = self.statements.prepared(&user, &handle)?;
                self.statements.offer(&user, &sql, descriptor).await?
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
            command::Request::Statement(sql) => self.statements.schema(&user, &sql).await?,
            command::Request::Prepared(handle) => {
                let sql = self.statements.prepared(&user, &handle)?;
                self.statements.schema(&user, &sql).await?
            }
            command::Request::Listing(listing) => listings::schema(&listing),
        };
        Ok(Response::new(SchemaResult { schema: statements::ipc(&schema)? }))
    }

    async fn do_get(&self, request: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let user = self.caller(request.metadata())?;
        let data = match command::redeem(&request.get_ref().ticket)? {
            Redeem::Statement(sealed) => self.statements.rows(&user, &sealed).await?.boxed(),
            Redeem::Listing(listing) => self.listing(&user, listing)?,
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
                "ActionCreatePreparedStatementRequest: check a statement, to run it later",
            ),
            action(CLOSE_PREPARED, "ActionClosePreparedStatementRequest: forget it"),
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
        self.caller(request.metadata())?;
        Err(unimplemented("PollFlightInfo"))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        self.caller(request.metadata())?;
        Err(unimplemented("DoPut: writing tables and binding parameters"))
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

fn unpack<T: ProstMessageExt>(body: &[u8]) -> Result<T, Status> {
    let wrong = || Status::invalid_argument(format!("the action's body is not a {}", T::type_url()));
    let any = Any::decode(body).map_err(|_| wrong())?;
    any.unpack().ok().flatten().ok_or_else(wrong)
}

/// Names of actions come from outside, and go into an error text.
fn excerpt(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic()).take(60).collect()
}
