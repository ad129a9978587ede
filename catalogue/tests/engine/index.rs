//! The index of a table: made when it is missing or does not fit, and never a reason for another answer.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use arrow::array::AsArray;
use catalogue::engine::{Catalogue, Limits, QueryError};
use tempfile::TempDir;

use crate::opening::{a_tile, copy_tree};
use crate::sky::{ask, ask_of, directory, integers, integers_of, open};

const INDEX: &str = "gaiadr3/gaia_source/nearside.index";

fn copy() -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    let table = "gaiadr3/gaia_source";
    copy_tree(&directory().join(table), &copy.path().join(table));
    let now = File::open(copy.path().join(INDEX)).and_then(|file| file.set_modified(SystemTime::now()));
    now.expect("an index that is newer than the tiles");
    copy
}

fn opened(dir: &Path) -> Catalogue {
    Catalogue::open(dir, Limits::default()).expect("the copy opens")
}

async fn cone(catalogue: &Catalogue) -> Vec<i64> {
    integers_of(
        catalogue,
        "SELECT source_id FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 2) ORDER BY 1",
    )
    .await
}

#[tokio::test]
async fn a_missing_or_broken_index_is_made_anew_and_is_the_same() {
    let copy = copy();
    let index = copy.path().join(INDEX);
    let whole = fs::read(&index).expect("an index");
    let expected = cone(&opened(copy.path())).await;
    for broken in [None, Some(&b""[..]), Some(&b"no index"[..]), Some(&whole[..whole.len() / 2])] {
        match broken {
            None => fs::remove_file(&index).expect("removed"),
            Some(bytes) => fs::write(&index, bytes).expect("written"),
        }
        assert_eq!(cone(&opened(copy.path())).await, expected);
        assert_eq!(fs::read(&index).expect("an index"), whole);
    }
}

#[tokio::test]
async fn an_index_older_than_a_tile_is_made_anew() {
    let copy = copy();
    let index = copy.path().join(INDEX);
    let tile = a_tile(&copy.path().join("gaiadr3/gaia_source/dataset"));
    let written = || fs::metadata(&index).and_then(|file| file.modified()).expect("an index");
    let before = written();
    drop(opened(copy.path()));
    assert_eq!(written(), before, "an index that fits stays");
    let later = before + Duration::from_secs(1);
    File::open(&tile).and_then(|file| file.set_modified(later)).expect("a newer tile");
    drop(opened(copy.path()));
    assert_ne!(written(), before);
}

#[tokio::test]
async fn a_tile_replaced_behind_the_index_is_refused_until_the_next_start() {
    let copy = copy();
    let tile = a_tile(&copy.path().join("gaiadr3/gaia_source/dataset"));
    let sum = "SELECT sum(random_index) FROM gaia_source";
    let running = opened(copy.path());
    let expected = integers_of(&running, sum).await;
    // Same size, older than the index, another writer: only the footer tells.
    let mut bytes = fs::read(&tile).expect("a tile");
    let writer = bytes.windows(7).rposition(|name| name == b"parquet").expect("the name of the writer");
    bytes[writer] = b'P';
    let old = SystemTime::now() - Duration::from_secs(3_600);
    fs::write(&tile, bytes).expect("written");
    File::open(&tile).and_then(|file| file.set_modified(old)).expect("an old tile");
    for catalogue in [running, opened(copy.path())] {
        let asked = ask_of(&catalogue, sum).await;
        assert!(matches!(asked, Err(QueryError::Data | QueryError::Unreadable { .. })), "{asked:?}");
        assert!(!copy.path().join(INDEX).exists(), "the index is dropped");
    }
    assert_eq!(integers_of(&opened(copy.path()), sum).await, expected);
}

#[tokio::test]
async fn footers_that_do_not_fit_into_memory_are_read_again() {
    let small = open(Limits { footer_bytes: 1, ..Limits::default() });
    let sql = "SELECT source_id FROM gaia_source WHERE parallax > 5 ORDER BY 1";
    let expected = integers(sql).await;
    for _ in 0..2 {
        assert_eq!(integers_of(&small, sql).await, expected);
    }
}

#[tokio::test]
async fn a_plan_says_what_will_be_read() {
    let answer = ask("EXPLAIN SELECT ra FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 0.5)").await;
    let answer = answer.expect("a good query");
    let plan = answer.column(1).as_string::<i32>().value(1);
    for part in [
        "table=gaiadr3.gaia_source",
        "cover=",
        "files=1 of ",
        "row_groups=1 of ",
        "pages=",
        "rows=",
        "bytes=about ",
    ] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    assert!(!plan.contains(".parquet"), "{plan}");
}

#[tokio::test]
async fn an_analysed_plan_says_what_was_read_and_has_the_limits_of_the_query() {
    let sql = "EXPLAIN ANALYZE SELECT ra FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 0.5)";
    let answer = ask(sql).await.expect("a good query");
    let plan = answer.column(1).as_string::<i32>().value(0);
    for part in ["table=gaiadr3.gaia_source", "output_rows=", "bytes_scanned="] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
    assert!(!plan.contains(".parquet"), "{plan}");
    let poor = open(Limits { query_scan_bytes: 1, ..Limits::default() });
    assert!(ask_of(&poor, sql).await.is_err(), "reading is limited");
}

#[tokio::test]
async fn of_as_many_identifiers_and_light_curves_a_join_keeps_the_identifiers() {
    let sql = "EXPLAIN SELECT transits FROM epoch_photometry WHERE source_id IN (SELECT source_id FROM epoch_photometry)";
    let answer = ask(sql).await.expect("a good query");
    let plan = answer.column(1).as_string::<i32>().value(1);
    assert!(plan.contains("HashJoinExec: mode=CollectLeft, join_type=RightSemi"), "{plan}");
}

#[tokio::test]
async fn lookups_of_every_kind_read_a_few_pages_of_the_table() {
    let id = integers("SELECT max(source_id) FROM gaia_source").await[0];
    let catalogue = open(Limits { query_scan_bytes: 300_000, ..Limits::default() });
    let everything = "SELECT sum(ra + dec + parallax + pmra + pmdec) FROM gaia_source";
    assert!(ask_of(&catalogue, everything).await.is_err(), "the limit is less than the table");
    for rest in [
        "WHERE cone(ra, dec, 56.75, 24.12, 0.5)".to_owned(),
        format!("WHERE source_id = {id}"),
        format!("WHERE source_id IN ({id}, 1, 2, 3, 4, 5)"),
        format!("WHERE source_id IN (SELECT column1 FROM (VALUES ({id}), (1)))"),
        format!("JOIN (VALUES ({id}), (1)) AS mine (source_id) USING (source_id)"),
        "ORDER BY distance_deg(ra, dec, 56.75, 24.12) LIMIT 3".to_owned(),
    ] {
        let sql = format!("SELECT ra, dec, parallax, pmra, pmdec FROM gaia_source {rest}");
        let rows = ask_of(&catalogue, &sql).await.map(|rows| rows.num_rows());
        assert!(rows.as_ref().is_ok_and(|rows| *rows > 0), "{rest}: {rows:?}");
    }
}
