//! A crossmatch makes a table of its caller's, once, whatever happens to the server.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::jobs::{create, ended};
use crate::world::{Home, World, told};

const MATCH: &str = "SELECT crossmatch_positional('gaiadr3', 'gaia_source', 'gaiadr3', 'gaia_source', 0.1, 'pairs') FROM dual";

async fn run(world: &World) -> String {
    create(world, &[("QUERY", MATCH), ("FORMAT", "csv"), ("PHASE", "RUN")]).await
}

/// Takes the announcement of a job back, as if the server had been killed just before it.
async fn forget_the_end(home: &Home, job: &str) {
    let file = SqlitePool::connect_with(SqliteConnectOptions::new().filename(home.file())).await;
    let file = file.expect("the jobs of a stopped server");
    let sql = "UPDATE jobs SET phase = 'EXECUTING', ended_at = NULL, media_type = NULL WHERE id = $1";
    let changed = sqlx::query(sql).bind(job).execute(&file).await.expect("a change");
    assert_eq!(changed.rows_affected(), 1);
    file.close().await;
}

#[tokio::test]
async fn a_job_that_was_cut_off_after_its_table_was_made_is_done_when_it_runs_again() {
    let home = Home::sqlite();
    let mut world = World::at(home.clone()).await;
    world.sign_in("maria");
    let job = run(&world).await;
    assert_eq!(ended(&world, &job).await, "COMPLETED");
    let result = format!("async/{job}/results/result");
    let first = told(world.get(&result)).await;
    assert!(first.1.contains("pairs,user_maria.pairs has "), "{first:?}");

    world.stop().await;
    forget_the_end(&home, &job).await;
    world.start().await;

    assert_eq!(ended(&world, &job).await, "COMPLETED");
    assert_eq!(told(world.get(&result)).await, first);
    // Another job with the same name for its table is still a mistake.
    let other = run(&world).await;
    assert_eq!(ended(&world, &other).await, "ERROR");
    let (_, told) = told(world.get(&format!("async/{other}/error"))).await;
    assert!(told.contains("table user_maria.pairs exists already"), "{told}");
}
