//! Geometry in ADQL is the spatial engine's: only the part of the sky is read that a query asks for.

use arrow::array::AsArray;
use catalogue::sky::golden_cone_count;
use futures::TryStreamExt;
use vo_server::adql;

use crate::sky::{OPTIONS, catalogue, count};
use crate::world::maria;

/// Ways to ask for the same circle.
const CIRCLES: [&str; 6] = [
    "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 56.75, 24.1167, 2))",
    "CONTAINS(POINT('ICRS', gaia_source.ra, gaia_source.dec), CIRCLE('ICRS', 56.75, 24.1167, 2)) = 1",
    "CONTAINS(POINT(ra, dec), CIRCLE(POINT(56.75, 24.1167), 2.)) = 1",
    "DISTANCE(POINT('ICRS', ra, dec), POINT('ICRS', 56.75, 24.1167)) < 2",
    "2 >= DISTANCE(ra, dec, 56.75, 24.1167)",
    "CONTAINS(POINT('', ra, dec), REGION('CIRCLE ICRS 56.75 24.1167 2')) = 1",
];

/// How the engine plans a query in ADQL.
async fn explained(text: &str) -> String {
    let query = adql::parse(text, &adql::Limits::default()).expect("a good query");
    let plan = catalogue().plan(&maria(), &format!("EXPLAIN {query}")).await.expect("a plan");
    let batches: Vec<_> = plan.execute().await.expect("it runs").try_collect().await.expect("its rows");
    let texts = batches.iter().flat_map(|batch| {
        let column = arrow::compute::cast(batch.column(1), &arrow_schema::DataType::Utf8).expect("texts");
        column.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_circle_in_any_words_finds_what_the_generator_put_there() {
    let expected = golden_cone_count(&OPTIONS, 56.75, 24.1167, 2.0).expect("the generator's answer");
    for circle in CIRCLES {
        let found = count(&format!("SELECT COUNT(*) FROM gaiadr3.gaia_source WHERE {circle}")).await;
        assert_eq!(u64::try_from(found), Ok(expected), "{circle}");
    }
}

#[tokio::test]
async fn a_circle_in_any_words_reads_only_its_part_of_the_sky() {
    let all = explained("SELECT source_id FROM gaiadr3.gaia_source").await;
    let rows = rows_read(&all);
    for circle in CIRCLES {
        let plan = explained(&format!("SELECT source_id FROM gaiadr3.gaia_source WHERE {circle}")).await;
        assert!(rows_read(&plan) < rows / 5, "{circle}\n{plan}");
    }
}

#[tokio::test]
async fn a_join_on_a_distance_is_a_crossmatch() {
    let on = [
        "1 = CONTAINS(POINT('ICRS', a.ra, a.dec), CIRCLE('ICRS', b.ra, b.dec, 0.0003))",
        "DISTANCE(a.ra, a.dec, b.ra, b.dec) < 0.0003",
    ];
    for on in on {
        let text =
            format!("SELECT a.source_id FROM gaiadr3.gaia_source a JOIN gaiadr3.gaia_source b ON {on}");
        let plan = explained(&text).await;
        assert!(plan.contains("Crossmatch"), "{plan}");
    }
}

/// The rows that a scan says it reads.
fn rows_read(plan: &str) -> u64 {
    let scan =
        plan.lines().find(|line| line.contains("rows=")).unwrap_or_else(|| panic!("no scan in {plan}"));
    let digits = scan.split("rows=").nth(1).expect("its rows");
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .expect("a number")
}
