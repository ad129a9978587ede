//! Questions with very many identifiers.

use catalogue::engine::Limits;

use crate::sky::{integers, integers_of, open};

#[tokio::test]
async fn a_million_identifiers_are_found_without_a_cliff() {
    let catalogue = open(Limits { sql_bytes: 64 << 20, ..Limits::default() });
    let all = integers("SELECT source_id FROM gaia_source ORDER BY 1").await;
    let present: Vec<i64> = all.into_iter().step_by(7).collect();
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
