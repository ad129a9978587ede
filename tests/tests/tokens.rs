//! The gateway signs, the Flight server believes: who gets in with which token.

use anyhow::Result;
use api::token::Audience;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{FlightClient, FlightDescriptor};
use futures::TryStreamExt;
use tests::Platform;
use tonic::transport::Channel;

const COUNT: &str = "SELECT count(*) AS sources FROM gaiadr3.gaia_source";

async fn client(platform: &Platform, audience: Audience, lifetime_seconds: i64) -> Result<FlightClient> {
    let token = platform.identity.sign(&"maria".parse()?, &[audience], lifetime_seconds)?;
    let channel = Channel::from_shared(format!("http://{}", platform.flight.addr()))?.connect().await?;
    let mut client = FlightClient::new_from_inner(FlightServiceClient::new(channel));
    client.add_header("authorization", &format!("Bearer {token}"))?;
    Ok(client)
}

async fn count(client: &mut FlightClient) -> Result<u64> {
    let info = client.get_flight_info(FlightDescriptor::new_cmd(COUNT)).await?;
    let mut sources = 0;
    for endpoint in info.endpoint {
        let Some(ticket) = endpoint.ticket else { continue };
        let batches: Vec<_> = client.do_get(ticket).await?.try_collect().await?;
        for batch in batches {
            let column = batch.column(0).as_any().downcast_ref::<arrow::array::Int64Array>();
            sources += column.map_or(0, |column| column.values().iter().sum::<i64>() as u64);
        }
    }
    Ok(sources)
}

#[tokio::test]
async fn a_data_token_of_the_gateway_reads_the_catalogue() -> Result<()> {
    let platform = Platform::start().await?;
    assert_eq!(count(&mut client(&platform, Audience::Flight, 60).await?).await?, platform.sources);
    platform.flight.shutdown_and_wait().await;
    Ok(())
}

#[tokio::test]
async fn a_gateway_token_or_an_expired_one_is_told_what_to_do() -> Result<()> {
    let platform = Platform::start().await?;
    let refusals = [
        (Audience::Gateway, 60, "this token is for another service: get one for this service"),
        (Audience::Vo, 60, "this token is for another service: get one for this service"),
        (Audience::Flight, -60, "this token has expired: sign in again and get a new one"),
    ];
    for (audience, lifetime_seconds, sentence) in refusals {
        let refusal = count(&mut client(&platform, audience, lifetime_seconds).await?).await;
        let error = refusal.expect_err("refused").downcast::<arrow_flight::error::FlightError>()?;
        let arrow_flight::error::FlightError::Tonic(status) = error else { panic!("no status: {error}") };
        assert_eq!((status.code(), status.message()), (tonic::Code::Unauthenticated, sentence));
    }
    platform.flight.shutdown_and_wait().await;
    Ok(())
}
