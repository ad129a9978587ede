//! Two servers on one PostgreSQL and one directory: jobs belong to both, and each limit holds for both together.

use std::time::Duration;

use api::token::Audience;
use futures::future::join_all;
use tokio::time::timeout;
use vo_server::JobLimits;

use crate::jobs::{create, ended};
use crate::world::{Home, World, send, told};

/// Thousands of millions of pairs: twenty of these would keep a server busy for minutes.
const SLOW: &str = "SELECT COUNT(*) AS pairs FROM (SELECT TOP 60000 source_id FROM gaia_source) AS a, \
     (SELECT TOP 60000 source_id FROM gaia_source) AS b WHERE a.source_id <> b.source_id";
/// A hundredth of that.
const SLOWISH: &str = "SELECT COUNT(*) AS pairs FROM (SELECT TOP 60000 source_id FROM gaia_source) AS a, \
     (SELECT TOP 600 source_id FROM gaia_source) AS b WHERE a.source_id <> b.source_id";
const QUICK: &str = "SELECT TOP 7 source_id FROM gaia_source";

/// One job at a time, and eager to hear of the other server.
fn limits() -> JobLimits {
    JobLimits { running: 1, look_every: Duration::from_millis(100), ..JobLimits::default() }
}

async fn two(limits: JobLimits) -> (World, World) {
    let home = Home::postgres();
    (World::within(home.clone(), limits).await, World::within(home, limits).await)
}

async fn run(world: &World, query: &str) -> String {
    create(world, &[("QUERY", query), ("FORMAT", "csv"), ("PHASE", "RUN")]).await
}

#[tokio::test]
async fn a_job_of_one_server_is_seen_waited_for_and_read_at_the_other() {
    let (one, two) = two(limits()).await;
    let job = run(&one, QUICK).await;
    assert_eq!(ended(&two, &job).await, "COMPLETED");
    let (status, rows) = told(two.get(&format!("async/{job}/results/result"))).await;
    assert_eq!((status, rows.lines().count()), (200, 8));
    send(two.post(&format!("async/{job}"), &[("ACTION", "DELETE")])).await;
    assert_eq!(told(one.get(&format!("async/{job}"))).await.0, 404);
}

#[tokio::test]
async fn a_job_that_is_stopped_at_the_other_server_makes_room_here() {
    let (one, two) = two(limits()).await;
    let slow: Vec<String> = join_all((0..20).map(|_| run(&one, SLOW))).await;
    let next = run(&one, QUICK).await;
    let stop = slow.iter().map(|job| {
        let path = format!("async/{job}/phase");
        let request = two.post(&path, &[("PHASE", "ABORT")]);
        async move { send(request).await.status().as_u16() }
    });
    assert_eq!(join_all(stop).await, [303; 20]);
    let phase = timeout(Duration::from_secs(30), ended(&one, &next)).await;
    assert_eq!(phase.as_deref(), Ok("COMPLETED"));
    for job in &slow {
        assert_eq!(told(one.get(&format!("async/{job}/phase"))).await, (200, "ABORTED".to_owned()));
    }
}

#[tokio::test]
async fn jobs_of_a_server_that_ends_are_taken_over_and_each_ends_once() {
    let (mut one, two) = two(limits()).await;
    let jobs: Vec<String> = join_all((0..6).map(|n| run(&one, if n == 0 { SLOWISH } else { QUICK }))).await;
    one.stop().await;
    for job in &jobs {
        assert_eq!(ended(&two, job).await, "COMPLETED");
        assert_eq!(told(two.get(&format!("async/{job}/results/result"))).await.0, 200);
    }
}

#[tokio::test]
async fn the_number_of_active_jobs_is_a_limit_of_both_together() {
    let (one, two) = two(JobLimits { active_per_user: 5, ..limits() }).await;
    let asked = (0..20).map(|n| {
        let world = if n % 2 == 0 { &one } else { &two };
        let form = [("QUERY", SLOW), ("FORMAT", "csv"), ("PHASE", "RUN")];
        let request = world.post("async", &form);
        async move { send(request).await.status().as_u16() }
    });
    let mut answers = join_all(asked).await;
    answers.sort_unstable();
    assert_eq!((answers[4], answers[5] >= 400), (303, true), "{answers:?}");
}

#[tokio::test]
async fn an_endpoint_of_one_server_is_good_at_the_other() {
    let (one, two) = two(limits()).await;
    let file = "/vospace/files/home/maria/a";
    let token = one.token("maria", Audience::Vo);
    assert_eq!(told(one.ask("PUT", file).bearer_auth(&token).body("hello")).await.0, 201);
    let asked = "/vospace/synctrans?TARGET=vos://nearside.local~vospace/home/maria/a&DIRECTION=pullFromVoSpace\
                 &PROTOCOL=ivo://ivoa.net/vospace/core%23httpget&REQUEST=redirect";
    let answer = send(one.ask("GET", asked).bearer_auth(&token)).await;
    let location = answer.headers()["location"].to_str().expect("a URL").to_owned();
    let path = location.strip_prefix(&one.base()).expect("an address of the first server");
    assert_eq!(told(two.ask("GET", path)).await, (200, "hello".to_owned()));
}
