//! What every spawner promises, asked of both.

use std::sync::Arc;

use kernel_gateway::spawner::{Ended, LabOrder, Presence, SpawnError, Spawner};

use crate::harness::{eventually, name};

/// What labs of a place do.
#[derive(Clone, Copy, Debug)]
pub enum Labs {
    /// They answer until they are stopped.
    Answer,
    /// They never answer.
    Wait,
    /// They cannot start.
    Fail,
}

/// Somewhere to run labs.
pub trait Place: Sized {
    /// A place whose labs do this, with its spawner.
    async fn open(labs: Labs) -> (Self, Arc<dyn Spawner>);

    /// Makes the running lab of a user end by itself.
    async fn end(&self, user: &str);
}

pub fn order(user: &str) -> LabOrder {
    LabOrder {
        user: name(user),
        base_url: format!("/user/{user}/"),
        agent_secret: "agent-secret".into(),
        lab_secret: "lab-secret".into(),
        token_url: "http://127.0.0.1:1/api/lab/token".into(),
        flight_url: "grpc://127.0.0.1:1".into(),
        ca_file: None,
        kernel_idle_seconds: 0,
    }
}

/// Asks for everything.
pub async fn holds<P: Place>() {
    a_lab_answers_until_it_is_stopped_and_others_go_on::<P>().await;
    a_lab_that_ends_by_itself_says_so::<P>().await;
    a_lab_that_cannot_start_says_why::<P>().await;
    a_lab_can_be_stopped_while_it_starts::<P>().await;
}

async fn a_lab_answers_until_it_is_stopped_and_others_go_on<P: Place>() {
    let (_place, spawner) = P::open(Labs::Answer).await;
    spawner.stop(&name("maria")).await;
    assert_eq!(spawner.state(&name("maria")), Presence::Absent, "to stop nothing is fine");
    for _ in 0..2 {
        let marias = spawner.start(&order("maria"), &drop).await.expect("a lab");
        let _carolines = spawner.start(&order("caroline"), &drop).await.expect("a lab");
        assert_eq!(marias.addr.to_string(), "127.0.0.1:9");
        assert!(!marias.agent_secret.is_empty());
        assert_eq!(spawner.state(&name("maria")), Presence::Present);
        spawner.stop(&name("maria")).await;
        assert_eq!(marias.ended.await, Ended::Asked);
        assert_eq!(spawner.state(&name("maria")), Presence::Absent);
        assert_eq!(spawner.state(&name("caroline")), Presence::Present);
        spawner.stop(&name("caroline")).await;
    }
}

async fn a_lab_that_ends_by_itself_says_so<P: Place>() {
    let (place, spawner) = P::open(Labs::Answer).await;
    let running = spawner.start(&order("maria"), &drop).await.expect("a lab");
    place.end("maria").await;
    let Ended::Unasked { reason, log: _ } = running.ended.await else { panic!("nobody asked") };
    assert!(reason.starts_with("the lab ended by itself"), "{reason}");
    spawner.stop(&name("maria")).await;
}

async fn a_lab_that_cannot_start_says_why<P: Place>() {
    let (_place, spawner) = P::open(Labs::Fail).await;
    for _ in 0..2 {
        let Err(SpawnError::Ended { reason, log: _ }) = spawner.start(&order("maria"), &drop).await else {
            panic!("it cannot start")
        };
        assert!(!reason.is_empty());
        assert_eq!(spawner.state(&name("maria")), Presence::Absent);
    }
}

async fn a_lab_can_be_stopped_while_it_starts<P: Place>() {
    let (_place, spawner) = P::open(Labs::Wait).await;
    let starting = tokio::spawn({
        let spawner = spawner.clone();
        async move { spawner.start(&order("maria"), &drop).await.err() }
    });
    eventually("it starts", async || spawner.state(&name("maria")) == Presence::Present).await;
    spawner.stop(&name("maria")).await;
    let outcome = starting.await.expect("no panic");
    assert!(matches!(outcome, Some(SpawnError::Stopped)), "{outcome:?}");
    assert_eq!(spawner.state(&name("maria")), Presence::Absent);
}
