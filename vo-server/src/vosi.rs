//! What the service says about itself (VOSI 1.1, TAPRegExt 1.0, DALI examples).

pub(crate) mod capabilities;
pub(crate) mod tables;

use axum::extract::State;
use axum::response::Response;
use quick_xml::escape::escape;

use crate::app::App;
use crate::dali;

/// The media type of these documents.
pub(crate) const XML: &str = "text/xml; charset=utf-8";

/// `GET /availability`: whether the service answers, and since when.
pub(crate) async fn availability(State(app): State<App>) -> Response {
    let broken = app.catalogue.broken().len();
    let note = match broken {
        0 => "every table can be read".to_owned(),
        some => format!("{some} tables cannot be read"),
    };
    dali::document(
        XML,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <vosi:availability xmlns:vosi=\"http://www.ivoa.net/xml/VOSIAvailability/v1.0\">\n\
             <vosi:available>true</vosi:available>\n<vosi:upSince>{}</vosi:upSince>\n\
             <vosi:note>{}</vosi:note>\n</vosi:availability>\n",
            app.started,
            escape(&note)
        ),
    )
}

/// `GET /examples` (DALI 1.1 section 2.3): queries that work on this catalogue.
pub(crate) async fn examples(State(app): State<App>, caller: crate::identity::Caller) -> Response {
    let tables = app.catalogue.releases(&caller.user());
    let sources = tables.iter().find(|table| table.name == "gaia_source");
    let name =
        sources.or(tables.first()).map_or_else(|| "TAP_SCHEMA.tables".to_owned(), |t| t.qualified_name());
    let cone = sources.map(|_| {
        format!(
            "SELECT source_id, ra, dec, parallax\nFROM {name}\n\
             WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 56.75, 24.12, 1))"
        )
    });
    let first = format!("SELECT TOP 10 *\nFROM {name}");
    let examples = [("The first rows of a table", "first-rows", Some(first)), ("A cone", "cone", cone)];
    let divisions = examples.into_iter().filter_map(|(title, id, query)| Some(example(title, id, &query?)));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head>\
         <meta charset=\"utf-8\"/><title>Queries on this catalogue</title></head>\n\
         <body vocab=\"http://www.ivoa.net/rdf/examples#\">\n<h1>Queries on this catalogue</h1>\n{}</body></html>\n",
        divisions.collect::<String>()
    );
    dali::document("application/xhtml+xml", html)
}

fn example(title: &str, id: &str, query: &str) -> String {
    format!(
        "<div typeof=\"example\" id=\"{id}\" resource=\"#{id}\">\n<h2 property=\"name\">{title}</h2>\n\
         <pre property=\"query\">{}</pre>\n</div>\n",
        escape(query)
    )
}
