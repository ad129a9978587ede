//! Positions moved to a common epoch before they are compared.

use crate::sky::{count, integers};

#[tokio::test]
async fn a_fast_star_is_found_where_it_was() {
    // Barnard's star: in 2MASS (1999.5) 164 arcseconds south of where Gaia sees it in 2016.
    let sky = "WITH gaia(source_id, ra, dec, pmra, pmdec, ref_epoch) AS (VALUES \
               (1, 269.448502525, 4.739420051, -801.551, 10362.394, 2016.0), (2, 269.448502525, 4.739420051, NULL, NULL, 2016.0)), \
               twomass(n, ra, dec) AS (VALUES (7, 269.45207696, 4.69336497))";
    let found = |epoch: &str| {
        format!(
            "{sky} SELECT source_id FROM crossmatch(twomass, gaia, radius_arcsec => 1{epoch}, mode => 'all')"
        )
    };
    assert_eq!(integers(&found(", epoch => 2000.0")).await, [1]);
    assert!(integers(&found("")).await.is_empty());
}

#[tokio::test]
async fn a_moved_table_loses_nobody() {
    let sky = "SELECT source_id, random_index, ra, dec, pmra, pmdec, 2016.0 AS ref_epoch FROM gaia_source WHERE pmra IS NOT NULL";
    let some = format!(
        "SELECT source_id AS n, ra, dec, pmra, pmdec, ref_epoch FROM ({sky}) WHERE random_index % 50 = 1"
    );
    let all = count(&format!("SELECT count(*) FROM ({some})")).await;
    assert!(all > 500, "{all}");
    for epoch in [2016, 1950, 2100] {
        let sql = format!(
            "SELECT count(*) FROM crossmatch(({some}), ({sky}), radius_arcsec => 0.001, epoch => {epoch}, mode => 'all') WHERE n = source_id"
        );
        assert_eq!(count(&sql).await, all, "{epoch}");
    }
}
