//! What the audit log says of reads and changes, and of what was refused.

use audit::{Entry, Outcome, Verb, verify};
use catalogue::engine::Limits;
use flight_server::Config;
use futures::TryStreamExt;
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{World, ask};

const MANY: &str = "SELECT a.ra FROM gaiadr3.gaia_source a, gaiadr3.gaia_source b";

/// The lines, without what no two runs have in common. How many rows were sent before a client went away is not known.
fn lines(dir: &TempDir) -> Vec<Entry> {
    let text = std::fs::read_to_string(dir.path().join(format!("{:020}.jsonl", 1))).expect("a log");
    let entry = |line| {
        let mut entry: Entry = serde_json::from_str(line).expect("an entry");
        assert_ne!(std::mem::take(&mut entry.request), Uuid::nil());
        if entry.outcome != Outcome::Done {
            (entry.rows, entry.bytes) = (0, 0);
        }
        entry
    };
    text.lines().map(entry).collect()
}

fn entry(user: &str, verb: Verb, tables: &[&str], outcome: Outcome, rows: u64, bytes: u64) -> Entry {
    let (user, tables) = (user.to_owned(), tables.iter().map(|table| (*table).to_owned()).collect());
    Entry { request: Uuid::nil(), user, verb, tables, outcome, rows, bytes }
}

#[tokio::test]
async fn every_request_has_its_line_and_the_lines_are_a_chain() {
    let dir = TempDir::new().expect("a directory");
    let audit_dir = || Some(dir.path().to_owned());
    let world = World::with(Limits::default(), |config| Config { audit_dir: audit_dir(), ..config }).await;
    let (mut maria, mut caroline) = (world.client("maria").await, world.client("caroline").await);
    ask(&mut maria, "SELECT source_id FROM gaiadr3.gaia_source LIMIT 5").await.expect("rows");
    ask(&mut maria, "CREATE TABLE mine AS SELECT ra FROM gaiadr3.gaia_source LIMIT 3")
        .await
        .expect("a table");
    ask(&mut caroline, "SELECT * FROM user_maria.mine").await.expect_err("nobody else's");
    ask(&mut caroline, "DROP TABLE user_maria.mine").await.expect_err("nobody else's");
    let info = caroline.execute(MANY.into(), None).await.expect("a good query");
    let ticket = info.endpoint[0].ticket.clone().expect("a ticket");
    let mut rows = caroline.do_get(ticket).await.expect("rows");
    rows.try_next().await.expect("a batch");
    drop(rows);
    world.server.shutdown_and_wait().await;
    let ended = |code: &str| Outcome::Ended(code.to_owned());
    let refused = |code: &str| Outcome::Refused(code.to_owned());
    let (source, mine) = ("gaiadr3.gaia_source", "user_maria.mine");
    let expected = [
        entry("maria", Verb::Read, &[source], Outcome::Done, 5, 64),
        entry("maria", Verb::Write, &[mine, source], Outcome::Done, 3, 0),
        entry("caroline", Verb::Read, &[], refused("NotFound"), 0, 0),
        entry("caroline", Verb::Drop, &[mine], refused("PermissionDenied"), 0, 0),
        entry("caroline", Verb::Read, &[source], ended("Cancelled"), 0, 0),
    ];
    assert_eq!(lines(&dir), expected);
    assert_eq!(verify(dir.path()).expect("a chain").sequence, 5);
}
