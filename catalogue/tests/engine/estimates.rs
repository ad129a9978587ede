//! What a query is about to read, before it runs.

use catalogue::engine::Limits;

use crate::sky::{maria, open};

async fn bytes(sql: &str) -> Option<u64> {
    let query = open(Limits::default()).plan(&maria(), sql).await.expect("a good query");
    query.bytes_to_read().await.expect("a plan")
}

#[tokio::test]
async fn a_plan_tells_its_bytes_by_rows_and_columns() {
    let all = bytes("SELECT ra, dec, parallax FROM gaia_source").await.expect("a scan");
    let one = bytes("SELECT parallax FROM gaia_source").await.expect("a scan");
    let cone = bytes("SELECT ra, dec, parallax FROM gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1)").await;
    let cone = cone.expect("a scan of a part");
    assert!(0 < cone && cone < all / 4, "{cone} of {all}");
    assert!(0 < one && one < all, "{one} of {all}");
    assert_eq!(bytes("SELECT 1").await, Some(0));
    // Groups and order cost in proportion.
    let grouped = "SELECT parallax > 1 AS near, COUNT(*) FROM gaia_source GROUP BY parallax > 1 ORDER BY 2";
    assert_eq!(bytes(grouped).await, Some(one));
}

#[tokio::test]
async fn of_pairs_and_of_what_is_chosen_on_the_way_nobody_says_how_much_it_is() {
    let pairs = "SELECT COUNT(*) FROM gaia_source a JOIN gaia_source b ON a.ra < b.ra";
    let nearby = "SELECT a.source_id FROM gaia_source a JOIN gaia_source b \
                  ON distance_deg(a.ra, a.dec, b.ra, b.dec) < 0.001";
    let nearest = "SELECT source_id FROM gaia_source ORDER BY distance_deg(ra, dec, 56.75, 24.12) LIMIT 5";
    for sql in [pairs, nearby, nearest] {
        assert_eq!(bytes(sql).await, None, "{sql}");
    }
}
