//! How things end: deadlines, shutdown, encryption, a port that is taken.

use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightEndpoint,
    FlightInfo, RenewFlightEndpointRequest,
};
use catalogue::engine::{Catalogue, Limits};
use flight_server::{Config, StartError, Tls, start};
use futures::TryStreamExt;
use prost::Message;
use tokio::time::Instant;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic::{Code, Request};

use crate::world::{ISSUER, World, ask, directory, fetch, rows, status};

/// What an idle server never takes to stop.
const GRACE: Duration = Duration::from_secs(60);

const ENDLESS: &str = "SELECT a.ra FROM gaiadr3.gaia_source a, gaiadr3.gaia_source b";

#[tokio::test]
async fn a_query_past_its_deadline_is_an_error_and_not_a_short_answer() {
    let world = World::with(Limits { query_seconds: 1, ..Limits::default() }, |config| config).await;
    let refused = ask(&mut world.client("maria").await, ENDLESS).await.expect_err("it cannot finish");
    assert_eq!(
        (refused.code(), refused.message()),
        (
            Code::DeadlineExceeded,
            "the query was stopped after 1 s, before its last row: ask for less, or in parts",
        )
    );
}

#[tokio::test]
async fn a_stopping_server_cuts_streams_with_an_error_in_time() {
    let world = World::with(Limits::default(), |config| Config { grace_seconds: 1, ..config }).await;
    let mut client = world.client("maria").await;
    let info = client.execute(ENDLESS.into(), None).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let mut running = client.do_get(ticket).await.expect("rows");
    assert!(running.try_next().await.expect("a batch").is_some());
    let reader = tokio::spawn(async move {
        loop {
            match running.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(status(error)),
            }
        }
    });
    world.server.shutdown_and_wait().await;
    let end = reader.await.expect("the reader ends").expect("a cut stream is an error");
    assert_eq!(end.code(), Code::Unavailable);
}

#[tokio::test]
async fn an_idle_server_stops_at_once() {
    let grace_seconds = GRACE.as_secs();
    let world = World::with(Limits::default(), |config| Config { grace_seconds, ..config }).await;
    let mut client = world.client("maria").await;
    assert_eq!(rows(&ask(&mut client, "SELECT 1").await.expect("rows")), 1);
    let started = Instant::now();
    world.server.shutdown_and_wait().await;
    assert!(started.elapsed() < GRACE, "{:?}", started.elapsed());
}

#[tokio::test]
async fn with_a_certificate_the_connection_is_encrypted() {
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).expect("a certificate");
    let dir = tempfile::TempDir::new().expect("a temporary directory");
    let tls = Tls { cert_pem: dir.path().join("cert.pem"), key_pem: dir.path().join("key.pem") };
    std::fs::write(&tls.cert_pem, certified.cert.pem()).expect("written");
    std::fs::write(&tls.key_pem, certified.signing_key.serialize_pem()).expect("written");
    let world = World::with(Limits::default(), |config| Config { tls: Some(tls.clone()), ..config }).await;
    assert!(world.server.location().starts_with("grpc+tls://127.0.0.1:"));
    let trust = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(certified.cert.pem()));
    let endpoint = Endpoint::from_shared(format!("https://{}", world.server.addr())).expect("a URL");
    let channel = endpoint.tls_config(trust).expect("a client").connect().await.expect("a trusted server");
    let mut client = arrow_flight::sql::client::FlightSqlServiceClient::new(channel);
    client.set_token(world.gateway.token("maria"));
    assert_eq!(rows(&ask(&mut client, "SELECT 1").await.expect("rows")), 1);
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let world = World::new().await;
    let catalogue = Catalogue::open(directory(), Limits::default()).expect("the sample sky opens");
    let config = Config { listen: world.server.addr(), ..Config::new(ISSUER, world.gateway.keys.clone()) };
    let refused = start(config, catalogue.into(), None).await.err().expect("the port is taken");
    assert!(matches!(refused, StartError::Listen { .. }));
    assert!(refused.to_string().contains(&world.server.addr().to_string()), "{refused}");
}

#[tokio::test]
async fn a_cancelled_offer_ends_its_stream_and_gives_no_rows_again() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info = client.execute(ENDLESS.into(), None).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let mut running = client.do_get(ticket.clone()).await.expect("rows");
    assert!(running.try_next().await.expect("a batch").is_some());
    let request = CancelFlightInfoRequest { info: Some(info.clone()) }.encode_to_vec();
    let mut others = world.client("vera").await;
    let foreign = others.do_action(action("CancelFlightInfo", request.clone())).await.err();
    let foreign = status(foreign.expect("not hers"));
    assert_eq!(foreign.code(), Code::PermissionDenied);
    let mut results = client.do_action(action("CancelFlightInfo", request)).await.expect("cancelled");
    let result = results.message().await.expect("an answer").expect("a result");
    let result = CancelFlightInfoResult::decode(result.body).expect("a result");
    assert_eq!(result.status(), CancelStatus::Cancelled);
    let end = loop {
        match running.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a cancelled stream is an error, never a short answer"),
            Err(error) => break status(error),
        }
    };
    assert_eq!(end.code(), Code::Cancelled);
    assert_eq!(status(client.do_get(ticket).await.expect_err("cancelled")).code(), Code::Cancelled);
}

#[tokio::test]
async fn a_renewed_endpoint_and_a_polled_offer_give_the_rows() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    let info = client.execute("SELECT 1 AS x".into(), None).await.expect("a good query");
    let request = RenewFlightEndpointRequest { endpoint: info.endpoint.first().cloned() }.encode_to_vec();
    let mut results = client.do_action(action("RenewFlightEndpoint", request)).await.expect("renewed");
    let result = results.message().await.expect("an answer").expect("a result");
    let renewed = FlightEndpoint::decode(result.body).expect("an endpoint");
    let info = FlightInfo { endpoint: vec![renewed], ..info };
    assert_eq!(rows(&fetch(&mut client, info).await.expect("rows")), 1);
    let mut poll = FlightServiceClient::new(world.channel().await);
    let mut request = Request::new(FlightDescriptor::new_cmd("SELECT 1 AS x"));
    let token = format!("Bearer {}", world.gateway.token("maria"));
    request.metadata_mut().insert("authorization", token.parse().expect("a header"));
    let polled = poll.poll_flight_info(request).await.expect("an offer").into_inner();
    assert_eq!((polled.progress, polled.flight_descriptor), (Some(1.0), None));
    let info = polled.info.expect("the offer");
    assert_eq!(rows(&fetch(&mut client, info).await.expect("rows")), 1);
}

fn action(name: &str, body: Vec<u8>) -> Request<Action> {
    Request::new(Action::new(name, body))
}
