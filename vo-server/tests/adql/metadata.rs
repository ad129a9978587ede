//! What a column of an answer says about itself, and how many rows there are.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use crate::sky;
use crate::world::World;

#[tokio::test]
async fn columns_keep_unit_ucd_and_description_through_any_query() {
    let queries = [
        "SELECT TOP 1 parallax FROM gaiadr3.gaia_source",
        "SELECT TOP 1 Parallax AS plx FROM gaiadr3.gaia_source AS g",
        "SELECT TOP 1 g.parallax, g.parallax FROM gaiadr3.gaia_source AS g ORDER BY g.ra",
        "SELECT plx FROM (SELECT TOP 1 parallax AS plx FROM gaiadr3.gaia_source) AS q",
        "WITH q AS (SELECT TOP 1 parallax FROM gaiadr3.gaia_source) SELECT parallax FROM q",
        "SELECT TOP 1 a.parallax FROM gaiadr3.gaia_source a JOIN gaiadr3.vari_rrlyrae v ON a.source_id = v.source_id",
        "SELECT parallax FROM gaiadr3.gaia_source WHERE ra < 1 UNION ALL SELECT parallax FROM gaiadr3.gaia_source WHERE ra > 359",
    ];
    for query in queries {
        let answer = sky::ask(query).await.expect(query);
        for field in answer.schema_ref().fields() {
            let said = field.metadata();
            assert_eq!(said.get("unit").map(String::as_str), Some("mas"), "{query}");
            assert_eq!(said.get("ucd").map(String::as_str), Some("pos.parallax.trig"), "{query}");
            assert_eq!(said.get("description").map(String::as_str), Some("Parallax"), "{query}");
        }
    }
}

#[tokio::test]
async fn a_value_of_its_own_has_no_metadata_of_its_column() {
    let answer =
        sky::ask("SELECT TOP 1 parallax / 2, IN_UNIT(parallax, 'arcsec') FROM gaiadr3.gaia_source").await;
    let answer = answer.expect("a good query");
    let units: Vec<_> =
        answer.schema_ref().fields().iter().map(|field| field.metadata().get("unit").cloned()).collect();
    assert_eq!(units, [None, Some("arcsec".to_owned())]);
}

#[tokio::test]
async fn columns_without_a_name_get_one() {
    let cases: [(&str, &[&str]); 5] = [
        (
            "SELECT COUNT(*), MAX(id), MAX(n), 1 + 1, 'a' FROM stars",
            &["count_all", "max", "max_2", "col_4", "col_5"],
        ),
        ("SELECT s.id, n.id, n.note FROM stars s JOIN notes n ON s.id = n.id", &["id", "id_2", "note"]),
        ("SELECT ID, Name AS \"The name\" FROM stars", &["id", "The name"]),
        (
            "SELECT DISTANCE(POINT(ra, dec), POINT(0, 0)), FLOOR(ra), POINT(1, 2) FROM stars",
            &["distance", "floor", "point"],
        ),
        ("SELECT id + 1 FROM stars UNION SELECT id FROM notes", &["col_1"]),
    ];
    for (query, expected) in cases {
        let answer = World.ask(query).await.expect(query);
        let names: Vec<_> = answer.schema_ref().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, expected, "{query}");
    }
}

#[tokio::test]
async fn one_row_more_than_permitted_tells_of_the_rest() {
    let cases = [
        ("SELECT id FROM stars", 3, 4),
        ("SELECT TOP 2 id FROM stars", 3, 2),
        ("SELECT TOP 4 id FROM stars", 3, 4),
        ("SELECT TOP 7 id FROM stars", 3, 4),
        ("SELECT id FROM stars ORDER BY id OFFSET 6", 3, 2),
        ("SELECT id FROM stars UNION ALL SELECT id FROM notes", 10, 11),
        ("SELECT id FROM stars UNION ALL SELECT id FROM notes", 20, 12),
        ("WITH q AS (SELECT id FROM stars) SELECT id FROM q", 0, 1),
    ];
    for (query, maxrec, rows) in cases {
        let answer = World.ask_at_most(query, Some(maxrec)).await.expect(query);
        assert_eq!(answer.num_rows(), rows, "{query}");
    }
}

#[tokio::test]
async fn an_offset_comes_before_a_limit() {
    let answer = World.ask_at_most("SELECT id FROM stars ORDER BY id OFFSET 3", Some(1)).await;
    let answer = answer.expect("a good query");
    assert_eq!(answer.column(0).as_primitive::<Int64Type>().values().to_vec(), [4, 5]);
}
