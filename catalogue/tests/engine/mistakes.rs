//! What the person reads who made a mistake.

use crate::sky::ask;

async fn told(sql: &str) -> String {
    ask(sql).await.expect_err(sql).to_string()
}

#[tokio::test]
async fn a_wrong_table_name_gets_the_right_one_and_a_caret() {
    assert_eq!(
        told("SELECT *\nFROM gaiadr3.gaia_sourc").await,
        "no such table gaiadr3.gaia_sourc; did you mean gaiadr3.gaia_source?\n\
         line 2, column 6:\n  FROM gaiadr3.gaia_sourc\n       ^"
    );
    assert_eq!(
        told("SELECT * FROM sdss.spectra").await,
        "no such table sdss.spectra; SHOW TABLES lists them\n\
         line 1, column 15:\n  SELECT * FROM sdss.spectra\n                ^"
    );
}

#[tokio::test]
async fn a_wrong_column_name_gets_the_right_one_and_a_caret() {
    assert_eq!(
        told("SELECT source_id, paralax FROM gaiadr3.gaia_source").await,
        "no such column paralax; did you mean parallax?\n\
         line 1, column 19:\n  SELECT source_id, paralax FROM gaiadr3.gaia_source\n                    ^"
    );
}

#[tokio::test]
async fn a_wrong_function_name_gets_the_right_one_and_a_caret() {
    assert_eq!(
        told("SELECT distance_degg(1, 2, 3, 4)").await,
        "no such function distance_degg; did you mean distance_deg?\n\
         line 1, column 8:\n  SELECT distance_degg(1, 2, 3, 4)\n         ^"
    );
}

#[tokio::test]
async fn broken_syntax_gets_a_caret() {
    assert_eq!(
        told("SELECT ra,, dec FROM gaiadr3.gaia_source").await,
        "expected: an expression, found: ,\n\
         line 1, column 11:\n  SELECT ra,, dec FROM gaiadr3.gaia_source\n            ^"
    );
    assert_eq!(
        told("SELECT 'unfinished").await,
        "unterminated string literal\nline 1, column 8:\n  SELECT 'unfinished\n         ^"
    );
    assert_eq!(told("  ").await, "the query is empty");
}

#[tokio::test]
async fn impossible_values_are_explained() {
    assert_eq!(
        told("SELECT count(*) FROM gaiadr3.gaia_source WHERE cone(ra, dec, 10, 95, 1)").await,
        "cone: the declination is 95: it must be -90 to 90 degrees"
    );
    assert_eq!(told("SELECT 1 / 0").await, "division by zero");
}

#[tokio::test]
async fn no_error_names_a_path_of_the_server() {
    let directory = crate::sky::directory().to_string_lossy().into_owned();
    for sql in
        ["SELECT * FROM '/etc/passwd'", "SELECT nothing FROM gaiadr3.gaia_source", "SELECT CAST('x' AS INT)"]
    {
        assert!(!told(sql).await.contains(&directory), "{sql}");
    }
}
