//! Right answers: against the generator's own counts, and against the same question asked without any shortcut.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use catalogue::sky::golden_cone_count;

use crate::sky::{OPTIONS, ask, count, integers};

/// `cone` with something added to its arguments cannot be recognised, so every row is tested.
fn unpruned(ra: f64, dec: f64, radius: f64) -> String {
    format!("cone(ra + 0 * random_index, dec, {ra}, {dec}, {radius})")
}

#[tokio::test]
async fn a_cone_finds_what_the_generator_put_there() {
    for (ra, dec, radius) in
        [(56.75, 24.1167, 2.0), (0.0, 0.0, 10.0), (12.0, 90.0, 8.0), (266.0, -29.0, 0.3), (10.0, 10.0, 180.0)]
    {
        let found =
            count(&format!("SELECT count(*) FROM gaia_source WHERE cone(ra, dec, {ra}, {dec}, {radius})"))
                .await;
        let expected = golden_cone_count(&OPTIONS, ra, dec, radius).expect("the generator's answer");
        assert_eq!(u64::try_from(found), Ok(expected), "cone({ra}, {dec}, {radius})");
        let slow = format!("SELECT count(*) FROM gaia_source WHERE {}", unpruned(ra, dec, radius));
        assert_eq!(found, count(&slow).await, "cone({ra}, {dec}, {radius})");
    }
}

#[tokio::test]
async fn a_cone_with_another_condition_and_a_limit_keeps_both() {
    let fast =
        "SELECT source_id FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 3) AND parallax > 5 ORDER BY 1";
    let slow = format!(
        "SELECT source_id FROM gaia_source WHERE {} AND parallax > 5 ORDER BY 1",
        unpruned(56.75, 24.12, 3.0)
    );
    let ids = integers(fast).await;
    assert!(ids.len() > 10, "the Pleiades have members");
    assert_eq!(ids, integers(&slow).await);
    let limited = integers(&format!("{} LIMIT 5", fast.replace(" ORDER BY 1", ""))).await;
    assert_eq!(limited.len(), 5);
    assert!(limited.iter().all(|id| ids.contains(id)));
}

#[tokio::test]
async fn a_cone_or_an_identifier_finds_both() {
    let far = integers("SELECT max(source_id) FROM gaia_source").await[0];
    let both =
        format!("SELECT count(*) FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1) OR source_id = {far}");
    let near = count("SELECT count(*) FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1)").await;
    assert_eq!(count(&both).await, near + 1);
}

#[tokio::test]
async fn ten_thousand_identifiers_are_found_among_ten_thousand_strangers() {
    let ids =
        integers("SELECT source_id FROM gaia_source WHERE random_index % 6 = 1 ORDER BY 1 LIMIT 10000").await;
    for some in [&ids[..1], &ids[..20], &ids[..21], &ids[..]] {
        // One that is absent after each that is present.
        let list: Vec<String> = some.iter().flat_map(|id| [id.to_string(), (id + 1).to_string()]).collect();
        let list = list[..list.len().min(10_000)].join(", ");
        let found =
            format!("SELECT source_id FROM gaia_source WHERE source_id IN ({list}) ORDER BY source_id");
        assert_eq!(integers(&found).await, some[..some.len().min(5_000)], "{} identifiers", some.len());
    }
}

#[tokio::test]
async fn a_long_list_works_with_other_columns_conditions_and_limits() {
    let ids =
        integers("SELECT source_id FROM gaia_source WHERE random_index % 6 = 1 ORDER BY 1 LIMIT 50").await;
    let list: Vec<String> = ids.iter().map(i64::to_string).collect();
    let list = list.join(", ");
    assert_eq!(count(&format!("SELECT count(*) FROM gaia_source WHERE source_id IN ({list})")).await, 50);
    assert_eq!(
        count(&format!(
            "SELECT count(ra) FROM gaia_source WHERE source_id IN ({list}) AND source_id > {}",
            ids[9]
        ))
        .await,
        40
    );
    assert_eq!(
        integers(&format!("SELECT random_index FROM gaia_source WHERE source_id IN ({list}) LIMIT 7"))
            .await
            .len(),
        7
    );
    let others = count(&format!("SELECT count(*) FROM gaia_source WHERE source_id NOT IN ({list})")).await;
    assert_eq!(others, count("SELECT count(*) FROM gaia_source").await - 50);
    let joined = format!(
        "SELECT count(*) FROM gaia_source a LEFT JOIN (SELECT source_id FROM gaia_source WHERE source_id IN ({list})) b \
         ON a.source_id = b.source_id WHERE b.source_id IS NOT NULL"
    );
    assert_eq!(count(&joined).await, 50);
}

#[tokio::test]
async fn the_count_of_everything_needs_no_rows() {
    let all = count("SELECT count(*) FROM gaia_source").await;
    assert!(all >= 60_000);
    assert_eq!(all, count("SELECT count(source_id + 0) FROM gaia_source").await);
    assert_eq!(0, count("SELECT count(*) FROM gaia_source WHERE source_id = -5").await);
}

#[tokio::test]
async fn a_field_of_the_light_curves_is_one_list_per_source() {
    let answer = ask(
        "SELECT e.source_id, e.n_transits, e.transits['g_transit_time'] AS t, r.pf FROM epoch_photometry e \
         JOIN vari_rrlyrae r ON r.source_id = e.source_id WHERE r.best_classification = 'RRab' LIMIT 5",
    );
    let answer = answer.await.expect("a good query");
    assert_eq!(answer.num_rows(), 5);
    let times = answer.column(2).as_list::<i32>();
    for row in 0..5 {
        let transits = answer.column(1).as_primitive::<arrow::datatypes::Int32Type>().value(row);
        assert_eq!(times.value(row).len(), usize::try_from(transits).expect("a count"));
        assert_eq!(times.value(row).data_type(), &DataType::Float64);
    }
}

#[tokio::test]
async fn distances_are_in_degrees() {
    let answer = ask("SELECT distance_deg(359.5, 0, 0.5, 0) AS d").await.expect("a good query");
    let distance = answer.column(0).as_primitive::<Float64Type>().value(0);
    assert!((distance - 1.0).abs() < 1e-12, "{distance}");
}

#[tokio::test]
async fn columns_keep_their_unit_ucd_and_description() {
    let answer = ask("SELECT parallax AS plx, parallax * 2 AS twice FROM gaia_source LIMIT 1")
        .await
        .expect("a good query");
    let metadata = answer.schema_ref().field(0).metadata();
    assert_eq!(metadata.get("unit").map(String::as_str), Some("mas"));
    assert!(metadata.contains_key("ucd") && metadata.contains_key("description"), "{metadata:?}");
    assert_eq!(answer.schema_ref().field(1).metadata().get("unit"), None);
}

#[tokio::test]
async fn tables_list_and_describe_themselves() {
    let tables =
        ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'gaiadr3' ORDER BY 1");
    let tables = tables.await.expect("a good query");
    let names: Vec<Option<&str>> = tables.column(0).as_string_view_opt().map_or_else(
        || tables.column(0).as_string::<i32>().iter().collect(),
        |column| column.iter().collect(),
    );
    let expected = [
        "epoch_astrometry",
        "epoch_photometry",
        "gaia_source",
        "rvs_mean_spectrum",
        "vari_rrlyrae",
        "xp_continuous_mean_spectrum",
        "xp_sampled_mean_spectrum",
    ];
    assert_eq!(names, expected.map(Some));
    for sql in
        ["SHOW TABLES", "DESCRIBE gaiadr3.gaia_source", "EXPLAIN SELECT 1", "SHOW FUNCTIONS", "SELECT 1; "]
    {
        assert!(ask(sql).await.is_ok(), "{sql}");
    }
}
