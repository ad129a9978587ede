//! The files of the page, built into the program.

use axum::response::Response;

use crate::dali::document;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type and contents.
type File = (&'static str, &'static str, &'static str);

macro_rules! files {
    ($($kind:ident: $($name:literal)*;)*) => {
        &[$($(($name, $kind, include_str!(concat!("assets/", $name))),)*)*]
    };
}

/// What a browser may ask for.
const FILES: &[File] = files! {
    CSS: "frame.css" "parts.css";
    SVG: "icon.svg";
    SCRIPT: "api.js" "browser.js" "code.js" "completion.js" "csv.js" "dom.js" "download.js" "editor.js" "examples.js" "jobs.js"
        "main.js" "plot.js" "result.js" "rows.js" "scale.js" "schema.js" "service.js" "session.js" "suggestions.js" "tables.js"
        "uploads.js" "usage.js" "bars.js";
};
const SVG: &str = "image/svg+xml";

/// The page itself.
pub(super) fn page() -> Response {
    document(HTML, include_str!("assets/index.html"))
}

/// The page of statistics.
pub(super) fn usage() -> Response {
    document(HTML, include_str!("assets/usage.html"))
}

/// The page of the addresses that speak JSON.
pub(super) fn api() -> Response {
    document(HTML, include_str!("assets/api.html"))
}

/// What programs are told of the parts that speak JSON (OpenAPI 3.1).
pub(super) fn openapi() -> Response {
    document("application/json", include_str!("assets/openapi.json"))
}

/// The file of a name.
pub(super) fn named(name: &str) -> Option<Response> {
    let (_, media_type, text) = FILES.iter().find(|(known, _, _)| *known == name)?;
    Some(document(media_type, *text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_and_nothing_comes_from_elsewhere() {
        let page = include_str!("assets/index.html");
        let served = |name: &str| FILES.iter().any(|(known, _, _)| *known == name);
        let others = [page, include_str!("assets/usage.html"), include_str!("assets/api.html")];
        for text in FILES.iter().map(|(_, _, text)| *text).chain(others) {
            let named = text.split("\"/page/").skip(1).filter_map(|rest| rest.split('"').next());
            let answered = ["language.json", "session.json", "sql", "usage.json"];
            let missing: Vec<_> = named.filter(|name| !served(name) && !answered.contains(name)).collect();
            assert_eq!(missing, Vec::<&str>::new());
        }
        assert!(!page.contains("http"), "a page that loads anything from elsewhere");
        assert!(!page.contains(" style=") && !page.contains(" onclick="), "what its policy forbids");
    }
}
