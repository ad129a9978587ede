//! What people get wrong, and what they are told.

use crate::sky::ask;

async fn told(sql: &str) -> String {
    ask(sql).await.expect_err(sql).to_string()
}

#[tokio::test]
async fn a_radius_that_makes_no_sense_is_named() {
    for radius in ["0", "-1", "36001", "1e9", "'NaN'::double"] {
        let sql = format!("SELECT * FROM crossmatch(vari_rrlyrae, gaia_source, radius_arcsec => {radius})");
        let text = told(&sql).await;
        assert!(text.contains("above 0 and at most 36000 arcsec"), "{radius}: {text}");
    }
    for sign in ["< 0", "< -1", "<= -0.1"] {
        let sql = format!(
            "SELECT count(*) FROM gaia_source a JOIN gaia_source b ON distance_deg(a.ra, a.dec, b.ra, b.dec) {sign}"
        );
        assert!(told(&sql).await.contains("is never true"), "{sign}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_named_with_the_right_ones() {
    for (arguments, expected) in [
        ("gaia_source, gaia_source", "needs a radius: write crossmatch(a, b, radius_arcsec => 1)"),
        ("gaia_source, radius_arcsec => 1", "has two inputs, not 1"),
        ("gaia_source, gaia_source, 1", "cannot take 1"),
        ("gaia_source, gaia_source, radius => 1", "has no argument radius: it takes radius_arcsec"),
        ("gaia_source, gaia_source, radius_arcsec => 1, mode => 'best'", "is 'nearest' or 'all', not best"),
        ("gaia_source, gaia_source, radius_arcsec => 1, join => 'full'", "is 'inner' or 'left', not full"),
        ("gaia_source, gaia_source, radius_arcsec => 1, epoch => 20000", "Julian year from 1900 to 2100"),
        ("gaia_source, gaia_source, radius_arcsec => 'one'", "is a number, not one"),
        (
            "(SELECT ra FROM gaia_source), gaia_source, radius_arcsec => 1",
            "the first input of crossmatch has no column dec",
        ),
        (
            "gaia_source, (SELECT 1 AS n), radius_arcsec => 1",
            "the second input of crossmatch has no column ra",
        ),
        (
            "(SELECT ra, dec FROM gaia_source), (SELECT ra, dec FROM gaia_source), radius_arcsec => 1, epoch => 2000",
            "needs the columns pmra, pmdec and ref_epoch",
        ),
    ] {
        let text = told(&format!("SELECT * FROM crossmatch({arguments})")).await;
        assert!(text.contains(expected), "{arguments}: {text}");
    }
}

#[tokio::test]
async fn a_misspelt_table_inside_a_call_is_found_and_placed() {
    let text = told("SELECT * FROM crossmatch(gaia_sorce, gaia_source, radius_arcsec => 1)").await;
    assert!(text.contains("no such table gaia_sorce; did you mean gaia_source?"), "{text}");
}

#[tokio::test]
async fn tables_in_calls_count_as_scans() {
    let calls = vec!["crossmatch(gaia_source, gaia_source, radius_arcsec => 1)"; 200].join(", ");
    let text = told(&format!("SELECT 1 FROM {calls}")).await;
    assert!(text.contains("too complex"), "{text}");
}
