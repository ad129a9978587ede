//! Forms with files, and the tables in them.

use crate::world::{World, told};

const KIND: &str = "multipart/form-data; boundary====1===";

fn form(parts: &[(&str, &str)]) -> String {
    let part = |(head, body): &(&str, &str)| {
        format!("--===1===\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--===1===--\r\n"
}

const QUERY: (&str, &str) = ("name=\"QUERY\"", "SELECT note, id FROM tap_upload.mine ORDER BY id");
const UPLOAD: (&str, &str) = ("name=\"UPLOAD\"", "mine,param:up");
const CSV: (&str, &str) = ("name=\"FORMAT\"", "csv");

#[tokio::test]
async fn a_table_in_a_form_is_a_table_of_the_query() {
    let world = World::new().await;
    let table = "<VOTABLE><RESOURCE><TABLE><FIELD name=\"id\" datatype=\"int\"/>\
                 <FIELD name=\"note\" datatype=\"unicodeChar\" arraysize=\"*\"/><DATA><TABLEDATA>\
                 <TR><TD>2</TD><TD>&#252; &lt;</TD></TR><TR><TD/><TD/></TR></TABLEDATA></DATA></TABLE>\
                 </RESOURCE></VOTABLE>";
    let body = form(&[QUERY, UPLOAD, CSV, ("name=\"up\"; filename=\"x\"", table)]);
    let (status, text) = told(world.post_body("sync", KIND, body)).await;
    assert_eq!((status, text.as_str()), (200, "note,id\nü <,2\n,\n"));
}

#[tokio::test]
async fn an_answer_without_rows_is_whole() {
    let world = World::new().await;
    let none = ("name=\"QUERY\"", "SELECT column_name, unit FROM TAP_SCHEMA.columns WHERE 1 = 0");
    let (status, text) = told(world.post_body("sync", KIND, form(&[none, CSV]))).await;
    assert_eq!((status, text.as_str()), (200, "column_name,unit\n"));
}

#[tokio::test]
async fn a_document_with_entities_of_its_own_is_refused_at_once() {
    let world = World::new().await;
    let bomb =
        "<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><VOTABLE>&b;</VOTABLE>";
    let body = form(&[QUERY, UPLOAD, CSV, ("name=\"up\"; filename=\"x\"", bomb)]);
    let (status, text) = told(world.post_body("sync", KIND, body)).await;
    assert_eq!(status, 400);
    assert!(text.contains("the uploaded table mine cannot be read: it has a DOCTYPE"), "{text}");
}

#[tokio::test]
async fn a_table_at_another_address_is_never_fetched() {
    let world = World::new().await;
    let body = form(&[QUERY, ("name=\"UPLOAD\"", "mine,http://127.0.0.1:9/x"), CSV]);
    let (status, text) = told(world.post_body("sync", KIND, body)).await;
    assert_eq!(status, 400);
    assert!(text.contains("nothing is fetched from elsewhere"), "{text}");
}

#[tokio::test]
async fn odd_forms_are_refused_with_the_reason() {
    let world = World::new().await;
    let whole = form(&[QUERY, CSV]);
    let cut = whole.strip_suffix("--===1===--\r\n").expect("an end");
    let long = format!("name=\"{}\"", "a".repeat(1 << 20));
    for (body, what) in [
        (String::new(), "its boundary is nowhere in it"),
        (cut.to_owned(), "its last boundary is missing: it was cut on the way"),
        (form(&[(&long, "1"), QUERY, CSV]), "the headers of a part do not end"),
        (form(&[("filename=\"x\"", "1"), QUERY]), "a part has no name"),
        (form(&[QUERY, UPLOAD, CSV]), "it is name,param:field with a file of the same request"),
        (form(&[CSV, UPLOAD]), "the parameter QUERY is missing"),
    ] {
        let (status, text) = told(world.post_body("sync", KIND, body)).await;
        assert_eq!(status, 400, "{what}");
        assert!(text.contains(what), "{what} in {text}");
    }
}
