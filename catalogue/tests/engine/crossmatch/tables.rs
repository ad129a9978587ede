//! Crossmatches with the sample sky: tables are read only where the other side is, and nothing is lost by that.

use catalogue::sky::golden_clusters;

use super::joins::{is_crossmatch, text};
use crate::sky::{count, integers};

/// Positions near sources of the sky, and others.
const STARS: &str = "WITH stars AS (\
     SELECT random_index AS n, ra + 0.0002 AS ra, dec - 0.0001 AS dec FROM gaia_source WHERE random_index % 400 = 3 \
     UNION ALL SELECT random_index + 1000000, 360 - ra, -dec FROM gaia_source WHERE random_index % 400 = 7) ";

#[tokio::test]
async fn a_table_matched_with_positions_has_the_pairs_of_brute_force() {
    for (radius, from) in [(1.0 / 3600.0, "stars a JOIN gaia_source b"), (0.05, "gaia_source b JOIN stars a")]
    {
        let query = |ra: &str| {
            format!(
                "{STARS} SELECT a.n, b.source_id FROM {from} ON distance_deg({ra}, a.dec, b.ra, b.dec) < {radius} \
                 AND a.n % 4 = 3 ORDER BY 1, 2"
            )
        };
        assert!(is_crossmatch(&query("a.ra")).await);
        let expected = text(&query("a.ra + 0 * b.ra")).await;
        assert!(expected.lines().count() > 100, "{}", expected.lines().count());
        assert_eq!(text(&query("a.ra")).await, expected, "{radius}");
    }
}

#[tokio::test]
async fn a_table_matched_with_itself_finds_each_row_and_every_neighbour() {
    let all = count("SELECT count(*) FROM gaia_source").await;
    let itself = "SELECT count(*) FROM gaia_source a JOIN gaia_source b \
                  ON distance_deg(a.ra, a.dec, b.ra, b.dec) <= 1e-9 AND a.source_id = b.source_id";
    assert!(is_crossmatch(itself).await);
    assert_eq!(count(itself).await, all);
    let neighbours = |ra: &str| {
        format!(
            "SELECT a.source_id, b.source_id FROM gaia_source a JOIN gaia_source b \
             ON distance_deg({ra}, a.dec, b.ra, b.dec) < 0.02 AND a.source_id < b.source_id \
             WHERE cone(a.ra, a.dec, 56.75, 24.12, 3) AND cone(b.ra, b.dec, 56.75, 24.12, 4) ORDER BY 1, 2"
        )
    };
    assert_eq!(text(&neighbours("a.ra")).await, text(&neighbours("a.ra + 0 * b.ra")).await);
}

#[tokio::test]
async fn a_left_join_keeps_every_row_of_a_table_once() {
    let all = count("SELECT count(*) FROM gaia_source").await;
    let joined = |join: &str| {
        format!(
            "{STARS} SELECT count(*) FROM gaia_source b {join} stars a ON distance_deg(a.ra, a.dec, b.ra, b.dec) < 1.0 / 3600"
        )
    };
    let pairs = count(&joined("JOIN")).await;
    let matched = count(&joined("LEFT SEMI JOIN")).await;
    let alone = count(&joined("LEFT ANTI JOIN")).await;
    assert!(matched > 100 && matched <= pairs, "{matched} {pairs}");
    assert_eq!(matched + alone, all);
    assert_eq!(count(&joined("LEFT JOIN")).await, pairs + alone);
}

#[tokio::test]
async fn filters_above_and_below_and_renamed_columns_make_no_difference() {
    let query = |ra: &str| {
        format!(
            "{STARS} SELECT a.n, g.id FROM stars a JOIN (SELECT source_id AS id, ra AS alpha, dec AS delta, phot_g_mean_mag AS mag \
             FROM gaia_source WHERE phot_g_mean_mag < 19) AS g \
             ON distance_deg({ra}, a.dec, g.alpha, g.delta) < 0.01 WHERE g.mag > 15 AND a.n < 900000 ORDER BY 1, 2"
        )
    };
    assert!(is_crossmatch(&query("a.ra")).await);
    assert_eq!(text(&query("a.ra")).await, text(&query("a.ra + 0 * g.alpha")).await);
}

#[tokio::test]
async fn the_members_of_every_cluster_are_near_its_centre() {
    let clusters = golden_clusters();
    let centres: Vec<String> = clusters
        .iter()
        .zip(1..)
        .map(|(cluster, n)| format!("({n}, {:?}, {:?})", cluster.ra_deg, cluster.dec_deg))
        .collect();
    let sql = format!(
        "WITH c(n, ra, dec) AS (VALUES {}) SELECT count(*) FROM c JOIN gaia_source g \
         ON distance_deg(c.ra, c.dec, g.ra, g.dec) < 2 GROUP BY c.n ORDER BY c.n",
        centres.join(", ")
    );
    let found = integers(&sql).await;
    assert_eq!(found.len(), clusters.len());
    for (cluster, found) in clusters.iter().zip(found) {
        let cone = format!(
            "SELECT count(*) FROM gaia_source WHERE cone(ra, dec, {:?}, {:?}, 2)",
            cluster.ra_deg, cluster.dec_deg
        );
        assert_eq!(found, count(&cone).await, "{}", cluster.name);
    }
}
