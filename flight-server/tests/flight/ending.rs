//! How things end: deadlines, shutdown, encryption, a port that is taken.

use std::time::Duration;

use catalogue::engine::{Catalogue, Limits};
use flight_server::{Config, StartError, Tls, start};
use futures::TryStreamExt;
use tokio::time::Instant;
use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::world::{ISSUER, World, ask, directory, rows, status};

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
    let started = Instant::now();
    world.server.shutdown_and_wait().await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let end = reader.await.expect("the reader ends").expect("a cut stream is an error");
    assert_eq!(end.code(), Code::Unavailable);
}

#[tokio::test]
async fn an_idle_server_stops_at_once() {
    let world = World::new().await;
    let mut client = world.client("maria").await;
    assert_eq!(rows(&ask(&mut client, "SELECT 1").await.expect("rows")), 1);
    let started = Instant::now();
    world.server.shutdown_and_wait().await;
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
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
    let refused = start(config, catalogue.into()).await.err().expect("the port is taken");
    assert!(matches!(refused, StartError::Listen { .. }));
    assert!(refused.to_string().contains(&world.server.addr().to_string()), "{refused}");
}
