//! Products by `source_id`: what there is, and why the rest is missing.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use crate::light_curves::rr_lyrae;
use crate::sky::{ask, ask_of, count, integers};

/// For every row the identifier, the type, why it is missing, and the transits.
async fn rows(sql: &str) -> Vec<(i64, String, Option<String>, Option<usize>)> {
    let answer: RecordBatch = ask(sql).await.expect(sql);
    let ids = answer.column(0).as_primitive::<Int64Type>();
    let (types, missing) = (answer.column(1).as_string::<i32>(), answer.column(2).as_string::<i32>());
    let transits = |row: usize| {
        let product = answer.column_by_name("epoch_photometry")?.as_struct();
        let transits = product.column_by_name("transits").expect("transits").as_struct();
        let times = transits.column_by_name("g_transit_time").expect("times").as_list::<i32>();
        product.is_valid(row).then(|| times.value(row).len())
    };
    let row = |row: usize| {
        let missing = missing.is_valid(row).then(|| missing.value(row).to_owned());
        (ids.value(row), types.value(row).to_owned(), missing, transits(row))
    };
    (0..answer.num_rows()).map(row).collect()
}

#[tokio::test]
async fn every_source_has_its_product_or_a_reason() {
    let with = integers("SELECT source_id FROM epoch_photometry ORDER BY 1 LIMIT 1").await[0];
    let without = integers(
        "SELECT source_id FROM gaia_source WHERE phot_variable_flag <> 'VARIABLE' ORDER BY 1 LIMIT 1",
    );
    let (without, strange) = (without.await[0], 4_295_806_720);
    let transits =
        count(&format!("SELECT n_transits::BIGINT FROM epoch_photometry WHERE source_id = {with}")).await;
    let asked = format!(
        "SELECT * FROM epoch_products('epoch_photometry, RVS', [{with}, {without}, {strange}, {with}])"
    );
    let unknown = "no such source_id in gaiadr3.gaia_source";
    let no_spectrum = "gaiadr3.rvs_mean_spectrum does not have it";
    let mut expected = vec![
        (with, "EPOCH_PHOTOMETRY".to_owned(), None, usize::try_from(transits).ok()),
        (
            without,
            "EPOCH_PHOTOMETRY".to_owned(),
            Some("gaiadr3.epoch_photometry does not have it".to_owned()),
            None,
        ),
        (strange, "EPOCH_PHOTOMETRY".to_owned(), Some(unknown.to_owned()), None),
        (with, "RVS".to_owned(), Some(no_spectrum.to_owned()), None),
        (without, "RVS".to_owned(), Some(no_spectrum.to_owned()), None),
        (strange, "RVS".to_owned(), Some(unknown.to_owned()), None),
    ];
    let mut found = rows(&asked).await;
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_archive_says_itself_what_a_source_does_not_have() {
    let Some((_dir, catalogue)) = rr_lyrae() else { return };
    let said = ask_of(
        &catalogue,
        "SELECT missing, count(*) FROM epoch_products('ALL', (SELECT source_id FROM gaia_source)) GROUP BY 1 ORDER BY 2, 1",
    );
    let said = said.await.expect("a good query");
    let reasons: Vec<Option<&str>> = said.column(0).as_string::<i32>().iter().collect();
    let counts = said.column(1).as_primitive::<Int64Type>().values();
    assert_eq!(counts.iter().sum::<i64>(), 100);
    let sampled = "gaia_source says has_xp_sampled = false; DR3 has these spectra to about G = 15";
    assert!(reasons.contains(&Some(sampled)), "{reasons:?}");
    let no_table = "this catalogue has no table gaiadr3.epoch_astrometry";
    assert!(reasons.contains(&Some(no_table)), "{reasons:?}");
    let photometry = reasons.iter().position(Option::is_none).expect("light curves");
    assert_eq!(counts[photometry], 20);
}

#[tokio::test]
async fn every_type_of_product_comes_back_for_a_source_that_has_all() {
    let has = |table: &str| format!("source_id IN (SELECT source_id FROM {table})");
    let all = ["epoch_astrometry", "xp_sampled_mean_spectrum", "xp_continuous_mean_spectrum"].map(has);
    let first = format!("SELECT min(source_id) FROM rvs_mean_spectrum WHERE {}", all.join(" AND "));
    let id = integers(&first).await[0];
    let missing = format!("SELECT retrieval_type FROM epoch_products('ALL', {id}) WHERE missing IS NOT NULL");
    let missing = ask(&missing).await.expect("a good query");
    let types: Vec<Option<&str>> = missing.column(0).as_string::<i32>().iter().collect();
    assert_eq!(types, [Some("EPOCH_PHOTOMETRY")]);
    for (retrieval_type, length, expected) in [
        ("XP_SAMPLED", "array_length(xp_sampled['flux'])", 343),
        ("XP_CONTINUOUS", "array_length(xp_continuous['bp_coefficients'])", 55),
        ("RVS", "array_length(rvs['flux_error'])", 2401),
    ] {
        let sql = format!("SELECT {length}::BIGINT FROM epoch_products('{retrieval_type}', {id})");
        assert_eq!(count(&sql).await, expected, "{retrieval_type}");
    }
    let observations = format!(
        "SELECT array_length(epoch_astrometry['observations']['centroid_pos_al'])::BIGINT - epoch_astrometry['n_observations'] \
         FROM epoch_products('EPOCH_ASTROMETRY', {id})"
    );
    assert_eq!(count(&observations).await, 0);
}

#[tokio::test]
async fn sources_come_from_a_query_too() {
    let all = count("SELECT count(*) FROM epoch_photometry").await;
    let some =
        "SELECT source_id FROM gaia_source WHERE random_index % 10 = 0 OR phot_variable_flag = 'VARIABLE'";
    let asked = count(&format!("SELECT count(*) FROM ({some})")).await;
    let query = format!("SELECT count(*) FROM epoch_products('EPOCH_PHOTOMETRY', ({some}))");
    assert_eq!(count(&query).await, asked);
    assert_eq!(count(&format!("{query} WHERE missing IS NULL")).await, all);
    let single = "SELECT count(*) FROM epoch_products('EPOCH_PHOTOMETRY', 1, 2, 3) WHERE missing IS NOT NULL";
    assert_eq!(count(single).await, 3);
    let measured = "SELECT count(*) FROM epoch_products('EPOCH_PHOTOMETRY', (SELECT source_id FROM vari_rrlyrae)) \
                    WHERE peak_to_peak(light_curve(epoch_photometry['transits'], 'G')['mag']) > 0";
    assert_eq!(count(measured).await, count("SELECT count(*) FROM vari_rrlyrae").await);
}

#[tokio::test]
async fn bad_calls_say_what_is_wrong() {
    for (call, expected) in [
        ("epoch_products('MCMC', 1)", "no such retrieval type 'MCMC'; there are EPOCH_PHOTOMETRY"),
        ("epoch_products('RVS')", "which sources?"),
        ("epoch_products(1, 2)", "the first is a text such as"),
        ("epoch_products('RVS', [1.5e18])", "is no source_id: these are integers"),
        ("epoch_products('RVS', 1, 'gaiadr4')", "no such schema gaiadr4"),
        ("epoch_products('RVS', (SELECT ra FROM gaia_source))", "ra is no column of source_id"),
    ] {
        let error = ask(&format!("SELECT * FROM {call}")).await.expect_err(call).to_string();
        assert!(error.contains(expected), "{call}: {error}");
    }
}
