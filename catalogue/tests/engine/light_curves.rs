//! Functions of light curves: against periods and counts that others published, and on bad input.

use std::path::PathBuf;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use catalogue::engine::{Catalogue, Limits};
use catalogue::import::{self, ImportRequest, TableKind};
use catalogue::progress::Silent;
use futures::StreamExt;
use tempfile::TempDir;

use crate::sky::{ask, ask_of, count, maria, open};

/// Twenty RR Lyrae stars of Gaia DR3 with their periods, where people have them.
#[expect(
    clippy::print_stdout,
    reason = "a skipped test has to say so, and test runners show standard output"
)]
pub fn rr_lyrae() -> Option<(TempDir, Catalogue)> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("NEARSIDE_REAL_DATA").map_or_else(beside, PathBuf::from).join("epoch");
    if !data.exists() {
        println!("SKIPPED: no epoch/rrlyrae_20; NEARSIDE_REAL_DATA can name the directory that has it");
        return None;
    }
    let dir = TempDir::new().expect("a temporary directory");
    let request =
        |file: &str, table: &str| ImportRequest::new(vec![data.join(file)], dir.path(), "gaiadr3", table);
    let curves =
        ImportRequest { kind: TableKind::EpochPhotometry, ..request("rrlyrae_20", "epoch_photometry") };
    let names = ["pf", "p1_o", "num_clean_epochs_g"].map(|name| (format!("rrl.{name}"), name.to_owned()));
    let lookup = ImportRequest { rename: names.into(), ..request("rrlyrae_20_lookup.csv", "gaia_source") };
    for request in [curves, lookup] {
        import::run(&request, &Silent).expect("a table");
    }
    let catalogue = Catalogue::open(dir.path(), Limits::default()).expect("two tables");
    Some((dir, catalogue))
}

#[tokio::test]
async fn three_harmonics_find_the_published_periods_of_rr_lyrae() {
    let Some((_dir, catalogue)) = rr_lyrae() else { return };
    let found = ask_of(
        &catalogue,
        "SELECT s.source_id, coalesce(s.pf, s.p1_o), lomb_scargle(c['time'], c['mag'], c['mag_error'], 1/1.1, 5, 3)['period'] \
         FROM gaia_source s JOIN (SELECT source_id, light_curve(transits, 'G') AS c FROM epoch_photometry) e USING (source_id)",
    )
    .await
    .expect("a good query");
    let column = |index: usize| found.column(index).as_primitive::<Float64Type>().values().to_vec();
    let wrong: Vec<(i64, f64, f64)> = found
        .column(0)
        .as_primitive::<Int64Type>()
        .values()
        .iter()
        .zip(column(1).into_iter().zip(column(2)))
        .filter(|(_, (published, found))| (found / published - 1.0).abs() > 1e-3)
        .map(|(id, (published, found))| (*id, published, found))
        .collect();
    assert_eq!(found.num_rows(), 20);
    // One of the twenty is an alias for everybody who fits three harmonics to G alone.
    let misses: Vec<i64> = wrong.iter().map(|(id, _, _)| *id).collect();
    assert!(misses.len() <= 1, "{wrong:?}");
}

#[tokio::test]
async fn as_many_points_are_clean_as_the_archive_counted() {
    let Some((_dir, catalogue)) = rr_lyrae() else { return };
    let counted = ask_of(
        &catalogue,
        "SELECT count(*) FROM gaia_source JOIN epoch_photometry USING (source_id) \
         WHERE array_length(light_curve(transits, 'G')['mag']) = num_clean_epochs_g \
         AND peak_to_peak(flux_to_mag(light_curve(transits, 'G')['flux'], 'G')) \
             - peak_to_peak(light_curve(transits, 'G')['mag']) BETWEEN -4e-6 AND 4e-6",
    );
    let counted = counted.await.expect("a good query");
    assert_eq!(counted.column(0).as_primitive::<Int64Type>().value(0), 20);
}

#[tokio::test]
async fn the_generator_knows_the_periods_that_are_found() {
    let found = ask(
        "SELECT coalesce(pf, p1_o) AS p, lomb_scargle(c['time'], c['mag'], c['mag_error'], 1, 5, 3) AS best, \
                lomb_scargle(c['time'], c['mag'], NULL, 1, 5)['false_alarm_probability'] AS fap \
         FROM vari_rrlyrae JOIN (SELECT source_id, light_curve(transits, 'G') AS c FROM epoch_photometry) USING (source_id) \
         WHERE array_length(c['time']) > 20",
    )
    .await
    .expect("a good query");
    let periods = found.column(0).as_primitive::<Float64Type>();
    let best = found.column(1).as_struct();
    let best = best.column_by_name("period").expect("a period").as_primitive::<Float64Type>();
    let faps = found.column(2).as_primitive::<Float64Type>();
    let right =
        periods.values().iter().zip(best.values()).filter(|(p, b)| (*b / *p - 1.0).abs() < 1e-3).count();
    assert!(right * 10 >= found.num_rows() * 9 && right > 20, "{right} of {}", found.num_rows());
    let certain = faps.values().iter().filter(|fap| **fap < 1e-3).count();
    assert!(certain * 4 >= found.num_rows() * 3, "{certain} of {}", found.num_rows());
}

#[tokio::test]
async fn points_without_a_value_are_left_out_and_too_few_give_null() {
    let one = "SELECT weighted_mean([1.0, NULL, 4.0, 9.0], [1.0, 1.0, 2.0, NULL]) = 1.6 \
               AND weighted_mean([1, 2], NULL) = 1.5 AND weighted_mean(NULL, [1.0]) IS NULL \
               AND weighted_std([1.0], [1.0]) IS NULL AND chi2([1.0, 'NaN'::DOUBLE], [1.0, 1.0]) = 0 \
               AND lomb_scargle([1.0, 2.0], [1.0, 2.0], NULL, 0.1, 1) IS NULL \
               AND phase([0.5, NULL], 2, 0) = [0.25, NULL]";
    let answer = ask(one).await.expect("a good query");
    assert!(answer.column(0).as_boolean().value(0));
    let light_curves =
        "SELECT count(*) FROM epoch_photometry WHERE skewness(light_curve(transits, 'BP')['mag']) < 0";
    assert!(count(light_curves).await > 0);
}

#[tokio::test]
async fn impossible_arguments_are_named() {
    for (call, expected) in [
        (
            "weighted_mean([1.0], [1.0, 2.0])",
            "weighted_mean: the lists of one light curve must be equally long, not 1 and 2",
        ),
        (
            "lomb_scargle([1,2,3,4,5], [1,2,1,3,5], NULL, 3, 2)",
            "the frequencies must rise from at least 0, not from 3 to 2",
        ),
        (
            "lomb_scargle([1,2,3,4,5], [1,2,1,3,5], NULL, 0, 2, 9)",
            "harmonics must be a whole number from 1 to 5, not 9",
        ),
        (
            "lomb_scargle_peaks([1,2,3,4,5], [1,2,1,3,5], NULL, 0, 2, 101)",
            "peaks must be from 1 to 100, not 101",
        ),
        (
            "lomb_scargle([1,2,3,4,5e8], [1,2,1,3,5], NULL, 0, 2)",
            "would try 4999999991 frequencies for one light curve, of 4000000 permitted",
        ),
        (
            "box_least_squares([1,2], [1,2], NULL, 1, 2, [3])",
            "durations must be positive and shorter than the shortest period",
        ),
        ("flux_to_mag(1.0, 'V')", "no such band V; there are G, BP and RP"),
        ("lomb_scargle_power([1,2,3,4,5], [1,2,1,3,5], NULL, 1, 1, 'best')", "no normalisation best"),
    ] {
        let error = ask(&format!("SELECT {call}")).await.expect_err(call).to_string();
        assert!(error.contains(expected), "{call}: {error}");
    }
    let band = ask("SELECT light_curve(transits, 'V') FROM epoch_photometry").await.expect_err("no band V");
    assert!(band.to_string().contains("'G', 'BP' and 'RP'"), "{band}");
}

/// Two million points and four million frequencies: a day of work.
const ENDLESS: &str = "SELECT lomb_scargle(array_agg(ra), array_agg(dec), NULL, 0.1, 2000) FROM \
                       (SELECT a.ra, a.dec FROM gaia_source a CROSS JOIN (SELECT 1 FROM gaia_source LIMIT 34) b)";

#[tokio::test]
async fn a_periodogram_of_millions_of_points_stops_at_the_deadline() {
    let limits = Limits { query_seconds: 4, ..Limits::default() };
    let catalogue = open(limits);
    let late = ask_of(&catalogue, ENDLESS).await.expect_err("too much work");
    assert!(late.to_string().contains("stopped after 4 s"), "{late}");
}

#[tokio::test]
async fn a_periodogram_that_nobody_waits_for_frees_its_thread() {
    let catalogue = open(Limits { query_threads: 1, ..Limits::default() });
    let mut rows =
        catalogue.plan(&maria(), ENDLESS).await.expect("a good query").execute().await.expect("a start");
    let waited = tokio::time::timeout(Duration::from_secs(3), rows.next()).await;
    assert!(waited.is_err(), "there is more to do than that");
    drop(rows);
    ask_of(&catalogue, "SELECT count(*) FROM gaia_source").await.expect("the only thread is free again");
}
