//! SQLite and PostgreSQL keep the same promises.

use database::{Database, Location, Part, Step};
use futures::future::try_join_all;
use tempfile::TempDir;
use test_postgres::Postgres;

const PART: Part = Part {
    name: "counters",
    steps: &[
        Step::same(
            "counters",
            "CREATE TABLE counters (id BIGINT PRIMARY KEY, value BIGINT NOT NULL, note TEXT)",
        ),
        Step {
            name: "first",
            sqlite: "INSERT INTO counters VALUES (1, 0, 'sqlite')",
            postgres: "INSERT INTO counters VALUES (1, 0, 'postgres')",
        },
    ],
};

async fn note(database: &Database) -> String {
    let note = sqlx::query_scalar("SELECT note FROM counters WHERE id = $1").bind(1_i64);
    note.fetch_one(database.pool()).await.expect("the row of the second step")
}

async fn add(database: &Database) -> Result<i64, sqlx::Error> {
    let mut change = database.change().await?;
    let sql = "UPDATE counters SET value = value + 1 WHERE id = $1 RETURNING value";
    let value = sqlx::query_scalar(sql).bind(1_i64).fetch_one(&mut *change).await?;
    change.commit().await?;
    Ok(value)
}

/// Opens twice at once, counts with both at once, and reads one moment.
async fn keeps_promises(location: &Location, expected: &str) {
    let (one, two) = tokio::join!(Database::open(location, &PART), Database::open(location, &PART));
    let (one, two) = (one.expect("the tables"), two.expect("the same tables"));
    assert_eq!((note(&one).await, note(&two).await), (expected.to_owned(), expected.to_owned()));
    let counted = (0..50).map(|n| add(if n % 2 == 0 { &one } else { &two }));
    let mut counted = try_join_all(counted).await.expect("all count");
    counted.sort_unstable();
    assert_eq!(counted, (1..=50).collect::<Vec<_>>());

    let mut read = one.read().await.expect("a transaction");
    let value = "SELECT value FROM counters WHERE id = 1";
    let before: i64 = sqlx::query_scalar(value).fetch_one(&mut *read).await.expect("a value");
    add(&two).await.expect("a change meanwhile");
    let after: i64 = sqlx::query_scalar(value).fetch_one(&mut *read).await.expect("a value");
    assert_eq!((before, after), (50, 50));
    drop(read);
    one.close().await;
    two.close().await;
    assert_eq!(add(&Database::open(location, &PART).await.expect("again")).await.expect("kept"), 52);
}

#[tokio::test]
async fn sqlite_keeps_them() {
    let dir = TempDir::new().expect("a directory");
    let odd = dir.path().join("a b?%20#ü");
    std::fs::create_dir(&odd).expect("a directory");
    keeps_promises(&Location::Directory(odd.clone()), "sqlite").await;
    assert!(odd.join("counters.db").exists());
}

#[tokio::test]
async fn postgresql_keeps_them() {
    let postgres = Postgres::start();
    keeps_promises(&postgres.database().parse().expect("a place"), "postgres").await;
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_its_password() {
    let location: Location = "postgres://vo:hunter2@127.0.0.1:1/nearside".parse().expect("a place");
    let error = Database::open(&location, &PART).await.expect_err("nobody listens");
    let told = "failed to use PostgreSQL at 127.0.0.1/nearside: check that it runs, that the database exists, \
                and the user's rights";
    assert_eq!(error.to_string(), told);
}
