//! Many random questions, and questions with very many identifiers.

use catalogue::engine::Limits;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::sky::{ask, integers, integers_of, open};

/// Rows of the sample: identifier, right ascension and declination.
async fn rows() -> Vec<(i64, f64, f64)> {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float64Type, Int64Type};
    let all = ask("SELECT source_id, ra, dec FROM gaia_source ORDER BY source_id").await.expect("all rows");
    let (ra, dec) =
        (all.column(1).as_primitive::<Float64Type>(), all.column(2).as_primitive::<Float64Type>());
    let ids = all.column(0).as_primitive::<Int64Type>().values();
    ids.iter().enumerate().map(|(row, &id)| (id, ra.value(row), dec.value(row))).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn random_cones_and_identifiers_are_answered_as_by_a_look_at_every_row() {
    let runtime = runtime();
    let rows = runtime.block_on(rows());
    let question = (0.0..360.0f64, -1.0..=1.0f64, -3.0..2.0f64, 0usize..60_000, 1usize..40, 0u8..3);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&question, |(ra, sin_dec, log_radius, first, count, kind)| {
        let (dec, radius) = (sin_dec.asin().to_degrees(), 10f64.powf(log_radius));
        let ids: Vec<i64> =
            (0..count).map(|i| rows[(first + i * i * 31) % rows.len()].0 + (i % 5 == 4) as i64).collect();
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        let (in_cone, in_list) =
            (format!("cone(ra, dec, {ra}, {dec}, {radius})"), format!("source_id IN ({})", list.join(", ")));
        let filter = match kind {
            0 => in_cone,
            1 => in_list,
            _ => format!("({in_cone} OR {in_list}) AND dec < 80"),
        };
        let expected = rows.iter().filter(|(id, ra2, dec2)| {
            let near = catalogue::healpix::separation_deg(*ra2, *dec2, ra, dec) <= radius;
            let named = ids.contains(id);
            match kind {
                0 => near,
                1 => named,
                _ => (near || named) && *dec2 < 80.0,
            }
        });
        let expected: Vec<i64> = expected.map(|row| row.0).collect();
        let sql = format!("SELECT source_id FROM gaia_source WHERE {filter} ORDER BY source_id");
        prop_assert_eq!(runtime.block_on(integers(&sql)), expected, "{}", sql);
        Ok(())
    });
    outcome.expect("every answer is right");
}

#[tokio::test]
async fn a_million_identifiers_are_found_without_a_cliff() {
    let catalogue = open(Limits { sql_bytes: 64 << 20, ..Limits::default() });
    let all = rows().await;
    let present: Vec<i64> = all.iter().step_by(7).map(|row| row.0).collect();
    let strangers = (0..1_000_000 - present.len() as i64).map(|number| number * 6_917_529_027 + 1);
    let list: Vec<String> = present.iter().copied().chain(strangers).map(|id| id.to_string()).collect();
    let sql = format!("SELECT source_id FROM gaia_source WHERE source_id IN ({}) ORDER BY 1", list.join(","));
    assert_eq!(integers_of(&catalogue, &sql).await, present);
}

#[tokio::test]
async fn a_join_with_a_small_table_is_a_lookup() {
    let ids =
        integers("SELECT source_id FROM gaia_source WHERE random_index % 997 = 5 ORDER BY 1 LIMIT 40").await;
    let values: Vec<String> =
        ids.iter().flat_map(|id| [format!("({id})"), format!("({})", id + 1)]).collect();
    let values = values.join(", ");
    for sql in [
        format!(
            "SELECT g.source_id FROM gaia_source g JOIN (VALUES {values}) AS wanted (source_id) USING (source_id) ORDER BY 1"
        ),
        format!(
            "SELECT source_id FROM gaia_source WHERE source_id IN (SELECT column1 FROM (VALUES {values})) ORDER BY 1"
        ),
    ] {
        assert_eq!(integers(&sql).await, ids, "{sql}");
    }
    let renamed = format!(
        "SELECT g.source_id - 1 FROM (SELECT source_id + 1 AS source_id FROM gaia_source) g JOIN (VALUES {values}) AS wanted (source_id) \
         USING (source_id) ORDER BY 1"
    );
    assert_eq!(integers(&renamed).await, ids, "a column that only bears the name is not the key");
}
