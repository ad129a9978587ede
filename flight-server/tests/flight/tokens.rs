//! Who may ask, and what a ticket is good for.

use api::token::{Audience, Claims};
use arrow_flight::Ticket;
use arrow_flight::sql::client::FlightSqlServiceClient;
use tonic::Code;

use crate::world::{Gateway, World, ask, fetch, name, rows, status};

async fn refusal(world: &World, token: &str) -> (Code, String) {
    let mut client = world.client_with(token).await;
    let refused = ask(&mut client, "SELECT 1").await.expect_err("the token is not good");
    (refused.code(), refused.message().to_owned())
}

#[tokio::test]
async fn tokens_that_are_not_for_here_and_now_are_refused_and_say_what_to_do() {
    let world = World::new().await;
    let good = Gateway::claims("maria", 300);
    let early = Claims { nbf: good.nbf + 900, ..good.clone() };
    let elsewhere = Claims { aud: vec![Audience::Gateway, Audience::Vo], ..good.clone() };
    let foreign_issuer = Claims { iss: "https://other.test".into(), ..good.clone() };
    for (token, text) in [
        (
            world.gateway.sign(&Gateway::claims("maria", -60)),
            "this token has expired: sign in again and get a new one",
        ),
        (world.gateway.sign(&early), "this token is not valid yet: check the clocks of both machines"),
        (world.gateway.sign(&elsewhere), "this token is for another service: get one for this service"),
        (
            world.gateway.sign(&foreign_issuer),
            "this token was not signed by this Nearside: sign in here and get a new one",
        ),
        (
            Gateway::new().token("maria"),
            "this token was not signed by this Nearside: sign in here and get a new one",
        ),
        (
            "nonsense".to_owned(),
            "this is not a Nearside token: copy it whole, or get a new one from your Nearside page",
        ),
    ] {
        assert_eq!(refusal(&world, &token).await, (Code::Unauthenticated, text.to_owned()));
    }
}

#[tokio::test]
async fn every_call_needs_a_token() {
    use arrow_flight::{Action, Criteria, Empty, FlightDescriptor};
    let world = World::new().await;
    let mut client = arrow_flight::flight_service_client::FlightServiceClient::new(world.channel().await);
    let descriptor = || FlightDescriptor::new_cmd("SELECT 1");
    let nothing = || futures::stream::empty();
    let refused = [
        client.get_flight_info(descriptor()).await.err(),
        client.poll_flight_info(descriptor()).await.err(),
        client.get_schema(descriptor()).await.err(),
        client.do_get(Ticket::new("SELECT 1")).await.err(),
        client.do_action(Action::new("x", "")).await.err(),
        client.list_actions(Empty {}).await.err(),
        client.list_flights(Criteria::default()).await.err(),
        client.do_put(nothing()).await.err(),
        client.do_exchange(nothing()).await.err(),
    ];
    for (call, status) in refused.into_iter().enumerate() {
        let status = status.expect("nobody is let in");
        assert_eq!(status.code(), Code::Unauthenticated, "call {call}");
        assert!(
            status.message().starts_with("no token: send the header 'authorization: Bearer"),
            "call {call}"
        );
    }
}

async fn ticket(client: &mut FlightSqlServiceClient<tonic::transport::Channel>) -> Ticket {
    let info = client.execute("SELECT 1".into(), None).await.expect("a good query");
    info.endpoint[0].ticket.clone().expect("a ticket")
}

#[tokio::test]
async fn a_ticket_is_for_its_user_only_and_cannot_be_changed() {
    let world = World::new().await;
    let (mut maria, mut vera) = (world.client("maria").await, world.client("vera").await);
    let ticket = ticket(&mut maria).await;
    assert_eq!(
        status(vera.do_get(ticket.clone()).await.expect_err("not hers")).code(),
        Code::PermissionDenied
    );
    for byte in (0..ticket.ticket.len()).rev() {
        let mut forged = ticket.ticket.to_vec();
        forged[byte] ^= 1;
        let refused = status(maria.do_get(Ticket::new(forged)).await.expect_err("forged"));
        let expected = [Code::PermissionDenied, Code::InvalidArgument, Code::Unimplemented];
        assert!(expected.contains(&refused.code()), "byte {byte}: {refused:?}");
    }
    assert!(maria.do_get(ticket).await.is_ok());
}

#[tokio::test]
async fn a_ticket_expires() {
    let world =
        World::with(Default::default(), |config| flight_server::Config { ticket_seconds: 0, ..config }).await;
    let mut client = world.client("maria").await;
    let refused = ask(&mut client, "SELECT 1").await.expect_err("too late");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("GetFlightInfo"), "{refused}");
}

#[tokio::test]
async fn servers_with_one_key_accept_each_others_tickets() {
    let shared = |config| flight_server::Config { ticket_key: Some([9; 32]), ..config };
    let (one, two) =
        (World::with(Default::default(), shared).await, World::with(Default::default(), shared).await);
    let info = one.client("maria").await.execute("SELECT 1".into(), None).await.expect("a good query");
    let answer = fetch(&mut two.client("maria").await, info).await.expect("the same key");
    assert_eq!(rows(&answer), 1);
    assert_eq!(name("maria").as_str(), "maria");
}
