//! Jobs: races for their phases, and what a restart of the server leaves of them.

use futures::future::join_all;

use crate::world::{Home, World, send, told};

const QUERY: &str = "SELECT TOP 7 source_id FROM gaia_source";

pub async fn create(world: &World, form: &[(&str, &str)]) -> String {
    let answer = send(world.post("async", form)).await;
    assert_eq!(answer.status().as_u16(), 303);
    let location = answer.headers()["location"].to_str().expect("a URL").to_owned();
    location.rsplit('/').next().expect("the name of the job").to_owned()
}

pub async fn ended(world: &World, job: &str) -> String {
    for _ in 0..100 {
        let (_, document) = told(world.get(&format!("async/{job}?WAIT=10"))).await;
        let phase = document.split("<uws:phase>").nth(1).and_then(|rest| rest.split('<').next());
        let phase = phase.expect("a phase").to_owned();
        if ["COMPLETED", "ERROR", "ABORTED"].contains(&phase.as_str()) {
            return phase;
        }
    }
    panic!("job {job} does not end");
}

#[tokio::test]
async fn of_three_clients_that_start_and_stop_a_job_each_sees_the_same_end() {
    for home in Home::both() {
        let world = World::at(home).await;
        for _ in 0..10 {
            let job = create(&world, &[("QUERY", QUERY), ("FORMAT", "csv")]).await;
            let path = format!("async/{job}/phase");
            let races = ["RUN", "ABORT", "RUN"].map(|phase| told(world.post(&path, &[("PHASE", phase)])));
            let answers = join_all(races).await;
            assert!(answers.iter().all(|(status, _)| [303, 409].contains(status)), "{answers:?}");
            let phase = ended(&world, &job).await;
            let (status, _) = told(world.get(&format!("async/{job}/results/result"))).await;
            assert_eq!(status == 200, phase == "COMPLETED", "{phase}");
        }
    }
}

#[tokio::test]
async fn a_job_that_was_started_can_no_longer_be_changed() {
    for home in Home::both() {
        let world = World::at(home).await;
        let job = create(&world, &[("QUERY", QUERY), ("PHASE", "RUN"), ("FORMAT", "csv")]).await;
        assert_eq!(ended(&world, &job).await, "COMPLETED");
        let changed = world.post(&format!("async/{job}/parameters"), &[("QUERY", "SELECT 1")]);
        let (status, text) = told(changed).await;
        assert_eq!(status, 409);
        assert!(text.contains("is COMPLETED: parameters can be changed only before it is started"), "{text}");
    }
}

#[tokio::test]
async fn results_and_pending_jobs_outlive_the_server() {
    for home in Home::both() {
        let mut world = World::at(home).await;
        let done = create(&world, &[("QUERY", QUERY), ("PHASE", "RUN"), ("FORMAT", "csv")]).await;
        let pending = create(&world, &[("QUERY", QUERY), ("FORMAT", "csv"), ("RUNID", "mine")]).await;
        assert_eq!(ended(&world, &done).await, "COMPLETED");
        let before = told(world.get(&format!("async/{done}/results/result"))).await;
        world.restart().await;
        assert_eq!(told(world.get(&format!("async/{done}/results/result"))).await, before);
        assert_eq!(before.1.lines().count(), 8);
        send(world.post(&format!("async/{pending}/phase"), &[("PHASE", "RUN")])).await;
        assert_eq!(ended(&world, &pending).await, "COMPLETED");
        let (_, document) = told(world.get(&format!("async/{pending}"))).await;
        assert!(document.contains("<uws:runId>mine</uws:runId>"), "{document}");
    }
}

#[tokio::test]
async fn a_wrong_query_makes_a_job_that_says_what_is_wrong() {
    for home in Home::both() {
        let world = World::at(home).await;
        let job = create(&world, &[("QUERY", "SELECT x FROM gaia_source"), ("PHASE", "RUN")]).await;
        assert_eq!(ended(&world, &job).await, "ERROR");
        let (status, text) = told(world.get(&format!("async/{job}/error"))).await;
        assert_eq!(status, 200);
        assert!(text.contains("no such column x"), "{text}");
        assert_eq!(told(world.get(&format!("async/{job}/results/result"))).await.0, 400);
    }
}

#[tokio::test]
async fn a_removed_job_is_gone() {
    for home in Home::both() {
        let world = World::at(home).await;
        let job = create(&world, &[("QUERY", QUERY), ("PHASE", "RUN"), ("FORMAT", "csv")]).await;
        ended(&world, &job).await;
        let removed = world.post(&format!("async/{job}"), &[("ACTION", "DELETE")]);
        assert_eq!(send(removed).await.status().as_u16(), 303);
        for path in [format!("async/{job}"), format!("async/{job}/results/result")] {
            assert_eq!(told(world.get(&path)).await.0, 404);
        }
    }
}

async fn quote(world: &World, query: &str) -> String {
    let job = create(world, &[("QUERY", query), ("PHASE", "RUN"), ("FORMAT", "csv")]).await;
    assert_eq!(ended(world, &job).await, "COMPLETED");
    told(world.get(&format!("async/{job}/quote"))).await.1
}

#[tokio::test]
async fn a_quote_is_of_the_plan_and_of_the_pace_before_and_there_is_none_where_neither_tells() {
    let world = World::new().await;
    let scan = "SELECT source_id, ra, dec, parallax, phot_g_mean_mag FROM gaia_source";
    assert_eq!(quote(&world, scan).await, "", "nothing has been read yet");
    let pairs = "SELECT COUNT(*) AS n FROM (SELECT TOP 9 ra FROM gaia_source) AS a, (SELECT TOP 9 ra FROM gaia_source) AS b \
                 WHERE a.ra <> b.ra";
    assert_eq!(quote(&world, pairs).await, "", "pairs are not bytes");
    let told = quote(&world, scan).await;
    let at: jiff::Timestamp = told.parse().unwrap_or_else(|_| panic!("no time: {told:?}"));
    let away = at.duration_since(jiff::Timestamp::now());
    assert!(away.unsigned_abs() < std::time::Duration::from_secs(300), "{away:?}");
}

#[tokio::test]
async fn what_a_crash_left_beside_the_results_is_removed_and_nothing_else() {
    for home in Home::both() {
        let mut world = World::at(home.clone()).await;
        let job = create(&world, &[("QUERY", QUERY), ("PHASE", "RUN"), ("FORMAT", "csv")]).await;
        assert_eq!(ended(&world, &job).await, "COMPLETED");
        world.stop().await;
        // A later run that was cut off, one that nobody announced, a job that is gone, and somebody's notes.
        let left =
            [format!("{job}.2.part"), format!("{job}.1.part"), "a1.1".to_owned(), "notes.txt".to_owned()];
        for name in &left {
            std::fs::write(home.results().join(name), "half").expect("written");
        }
        world.start().await;
        let names = std::fs::read_dir(home.results()).expect("a directory");
        let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort_unstable();
        assert_eq!(names, [format!("{job}.1").as_str(), "notes.txt"]);
        let (status, rows) = told(world.get(&format!("async/{job}/results/result"))).await;
        assert_eq!((status, rows.lines().count()), (200, 8));
    }
}
