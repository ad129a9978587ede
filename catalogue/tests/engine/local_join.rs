//! Joins on `source_id`, a part of the identifiers after the other: the same rows as in one piece, and less memory.

use arrow::array::AsArray;
use catalogue::engine::{Catalogue, Limits, QueryError};

use crate::sky::{ask, ask_of, open};

/// The sample has little; parts of a few thousand stars are parts too.
const PART_BYTES: u64 = 60_000;

const PAIRS: &str = "SELECT a.source_id, a.dec, b.ra, b.phot_g_mean_mag FROM gaia_source a JOIN gaia_source b USING (source_id)";

fn in_parts() -> Catalogue {
    open(Limits { join_part_bytes: PART_BYTES, ..Limits::default() })
}

/// Stars of the north with those that are near, as far as there are both.
fn outer(kind: &str) -> String {
    let near = "(SELECT source_id, parallax FROM gaia_source WHERE parallax > 1)";
    format!(
        "SELECT coalesce(a.source_id, b.source_id), a.source_id, a.dec, b.parallax \
         FROM (SELECT source_id, dec FROM gaia_source WHERE dec > 0) a {kind} JOIN {near} b \
         ON a.source_id = b.source_id AND a.dec + b.parallax < 80"
    )
}

async fn plan(catalogue: &Catalogue, sql: &str) -> String {
    let plan = ask_of(catalogue, &format!("EXPLAIN {sql}")).await.expect(sql);
    plan.column(1).as_string::<i32>().value(1).to_owned()
}

#[tokio::test]
async fn joins_in_parts_have_the_rows_of_joins_in_one_piece() {
    let catalogue = in_parts();
    let known = "SELECT source_id FROM gaia_source WHERE parallax > 1";
    for sql in [
        PAIRS.to_owned(),
        format!("{PAIRS} WHERE a.dec > 30 AND b.ra < 200"),
        format!("{PAIRS} WHERE a.ra + b.dec < 100 AND cone(b.ra, b.dec, 56.75, 24.12, 40)"),
        format!("SELECT source_id, ra FROM gaia_source WHERE source_id IN ({known})"),
        format!(
            "SELECT source_id + 1, ra FROM (SELECT source_id, ra FROM gaia_source) WHERE source_id IN ({known})"
        ),
        format!(
            "SELECT a.source_id, ra FROM gaia_source a LEFT ANTI JOIN ({known}) b ON a.source_id = b.source_id"
        ),
        outer("LEFT"),
        outer("RIGHT"),
        outer("FULL"),
    ] {
        let sql = format!("{sql} ORDER BY 1, 2");
        let plan = plan(&catalogue, &sql).await;
        assert!(plan.contains("LocalJoin: type=") && !plan.contains("HashJoin"), "{plan}");
        let expected = ask(&sql).await.expect("a good query");
        assert!(expected.num_rows() > 100, "{sql}");
        assert_eq!(ask_of(&catalogue, &sql).await.expect("a good query"), expected, "{sql}");
    }
}

#[tokio::test]
async fn joins_of_other_columns_and_of_limited_sides_stay_in_one_piece() {
    let catalogue = in_parts();
    let shifted = "(SELECT source_id + 1 AS source_id FROM gaia_source)";
    let first = "(SELECT source_id FROM gaia_source LIMIT 5000)";
    for sql in [
        format!("SELECT count(*) FROM {shifted} a JOIN gaia_source b USING (source_id)"),
        format!("SELECT count(*) FROM {first} a JOIN gaia_source b USING (source_id)"),
        "SELECT count(*) FROM gaia_source a JOIN gaia_source b ON a.source_id = b.random_index".to_owned(),
        "SELECT count(*) FROM gaia_source WHERE random_index NOT IN (SELECT source_id FROM gaia_source)"
            .to_owned(),
    ] {
        let plan = plan(&catalogue, &sql).await;
        assert!(!plan.contains("LocalJoin"), "{plan}");
        let expected = ask(&sql).await.expect("a good query");
        assert_eq!(ask_of(&catalogue, &sql).await.expect("a good query"), expected, "{sql}");
    }
}

#[tokio::test]
async fn a_join_in_parts_needs_the_memory_of_a_part() {
    let little = |join_part_bytes| Limits {
        join_part_bytes,
        query_memory_bytes: 2 << 20,
        query_spill_bytes: 1 << 10,
        ..Limits::default()
    };
    let sum = format!("SELECT count(*), min(dec + ra), max(phot_g_mean_mag) FROM ({PAIRS})");
    let whole = ask_of(&open(little(Limits::default().join_part_bytes)), &sum).await;
    assert!(matches!(whole, Err(QueryError::Resources { .. })), "{whole:?}");
    let left = format!("SELECT count(*), max(ra) FROM ({})", PAIRS.replace("JOIN", "LEFT JOIN"));
    for sql in [sum, left] {
        let parts = ask_of(&open(little(PART_BYTES)), &sql).await;
        assert_eq!(parts, Ok(ask(&sql).await.expect("a good query")), "{sql}");
    }
}
