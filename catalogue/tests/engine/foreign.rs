//! Tables that other programs wrote open, whatever their layout, and answer as ours do.

use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use catalogue::engine::{Catalogue, Limits, QueryError};
use catalogue::healpix::separation_deg;
use tempfile::TempDir;

use crate::foreign_rows::{Layout, positions, rows, write};
use crate::opening::{copy_tree, names, open};
use crate::sky::ask_of;

const ROWS: usize = 3_000;

async fn number(catalogue: &Catalogue, sql: &str) -> i64 {
    let answer = ask_of(catalogue, sql).await.expect(sql);
    answer.column(0).as_primitive::<Int64Type>().value(0)
}

/// A copy of the catalogues that the authors of HATS test with.
#[expect(
    clippy::print_stdout,
    reason = "a skipped test has to say so, and test runners show standard output"
)]
fn published() -> Option<TempDir> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let dir = std::env::var_os("NEARSIDE_REAL_DATA").map_or_else(beside, PathBuf::from).join("hats");
    if !dir.is_dir() {
        println!(
            "SKIPPED: no published HATS catalogues; NEARSIDE_REAL_DATA can name the directory that has them"
        );
        return None;
    }
    let copy = TempDir::new().expect("a temporary directory");
    copy_tree(&dir, copy.path());
    Some(copy)
}

#[tokio::test]
async fn published_catalogues_and_collections_open_without_margins_and_indexes() {
    let Some(dir) = published() else { return };
    let catalogue = open(dir.path());
    assert!(catalogue.broken().is_empty(), "{:?}", catalogue.broken());
    let tables =
        ["hats.small_sky", "hats.small_sky_nested", "hats.small_sky_o1_collection", "hats.small_sky_source"];
    assert_eq!(names(&catalogue), tables);
    for (table, count) in tables.into_iter().zip([131, 131, 131, 17_161]) {
        assert_eq!(number(&catalogue, &format!("SELECT count(*) FROM {table}")).await, count, "{table}");
    }
    let cone = "SELECT count(*) FROM hats.small_sky_source WHERE cone(source_ra, source_dec, 300, -40, 8)";
    let exact =
        "SELECT count(*) FROM hats.small_sky_source WHERE distance_deg(source_ra, source_dec, 300, -40) <= 8";
    let within = number(&catalogue, cone).await;
    assert_eq!(within, number(&catalogue, exact).await);
    assert!(within > 100, "{within}");
    let nested = "SELECT sum(cardinality(lc['mjd'])) FROM hats.small_sky_nested";
    let answer = ask_of(&catalogue, nested).await.expect("light curves");
    assert_eq!(answer.column(0).as_primitive::<arrow::datatypes::UInt64Type>().value(0), 16_135);
}

#[tokio::test]
async fn a_table_or_a_collection_may_be_the_data_directory() {
    let Some(dir) = published() else { return };
    for name in ["small_sky", "small_sky_o1_collection"] {
        let catalogue = open(&dir.path().join(name));
        assert_eq!(names(&catalogue), [format!("hats.{name}")]);
        assert_eq!(number(&catalogue, &format!("SELECT count(*) FROM hats.{name}")).await, 131);
    }
    let margin = dir.path().join("small_sky_o1_collection/small_sky_order1_margin");
    let refused = Catalogue::open(&margin, Limits::default()).err().expect("a margin is no table");
    assert!(refused.to_string().contains("has no table"), "{refused}");
}

#[tokio::test]
async fn every_layout_of_other_writers_answers_the_same() {
    let centre = positions(ROWS)[17];
    let near = |&&(ra, dec): &&(f64, f64)| separation_deg(ra, dec, centre.0, centre.1) <= 12.0;
    let expected = positions(ROWS).iter().filter(near).count() as i64;
    assert!(expected > 20);
    for (files, sorted, healpix) in
        [(1, true, true), (1, false, true), (3, false, true), (3, true, false), (1, false, false)]
    {
        let dir = TempDir::new().expect("a temporary directory");
        let layout = Layout { files, sorted, claims: sorted && healpix, healpix };
        write(&dir.path().join("survey/foreign"), &layout, &rows(ROWS));
        let catalogue = open(dir.path());
        assert_eq!(names(&catalogue), ["survey.foreign"], "{:?}", catalogue.broken());
        let ask = async |what: &str| number(&catalogue, &format!("SELECT {what}")).await;
        assert_eq!(ask("count(*) FROM survey.foreign").await, ROWS as i64);
        assert_eq!(ask("count(*) FROM survey.foreign WHERE name = 'object-1234'").await, 1);
        let (ra, dec) = centre;
        let cone =
            format!("count(*) FROM survey.foreign WHERE cone(\"RAJ2000\", \"DEJ2000\", {ra}, {dec}, 12)");
        assert_eq!(ask(&cone).await, expected, "{files} files, sorted: {sorted}, index: {healpix}");
        let first = "SELECT lightcurve[1]['mag']::DOUBLE FROM survey.foreign WHERE name = 'object-1235'";
        let answer = ask_of(&catalogue, first).await.expect("a light curve");
        assert_eq!(answer.column(0).as_primitive::<Float64Type>().value(0), 1235.0);
    }
}

#[tokio::test]
async fn a_file_that_claims_an_order_it_does_not_have_is_found_whenever_it_changes() {
    let dir = TempDir::new().expect("a temporary directory");
    let table = dir.path().join("survey/foreign");
    let layout = |sorted| Layout { files: 1, sorted, claims: true, healpix: true };
    write(&table, &layout(true), &rows(ROWS));
    assert!(open(dir.path()).broken().is_empty());
    assert!(table.join("nearside.index").exists(), "the next start checks nothing");
    assert!(open(dir.path()).broken().is_empty());

    write(&table, &layout(false), &rows(ROWS));
    let catalogue = open(dir.path());
    let asked = ask_of(&catalogue, "SELECT count(*) FROM survey.foreign").await;
    let Err(QueryError::Unreadable { problem, .. }) = asked else { panic!("it is not sorted: {asked:?}") };
    assert!(
        problem.starts_with("file survey/foreign/dataset/Norder=0/Dir=0/Npix=")
            && problem.contains("says that it is sorted by _healpix_29, but row ")
            && problem.ends_with(" of row group 0 is out of order"),
        "{problem}"
    );
}
