//! What the service can do: protocols, views, properties (VOSpace 2.1 section 5.1) and capabilities (VOSI 1.1).

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use quick_xml::escape::escape;

use super::address::Authority;
use super::document::{NAMESPACES, references, views as write_views, written};
use super::fault::Fault;
use super::property::{OF_PEOPLE, OF_SERVICE, OF_TABLES, core};
use super::view;
use crate::app::App;
use crate::dali;
use crate::routes::public_url;
use crate::vosi::XML;

/// The ways to sign in, by their identifiers (IVOA Single-Sign-On Profile 2.0).
pub(super) const SIGN_IN: [&str; 3] =
    ["ivo://ivoa.net/sso#BasicAA", "ivo://ivoa.net/sso#cookie", "ivo://ivoa.net/sso#token"];

/// `GET /protocols`. The service is a server of HTTP, and a client of nobody.
pub(super) async fn protocols(State(app): State<App>) -> Result<Response, Fault> {
    let provided = match app.config.tls {
        Some(_) => ["httpsget", "httpsput"],
        None => ["httpget", "httpput"],
    };
    let provided = provided.map(core);
    let provided: Vec<&str> = provided.iter().map(String::as_str).collect();
    lists("vos:protocols", "vos:protocol", &[("vos:accepts", &[]), ("vos:provides", &provided)])
}

/// `GET /views`: files as they are, and tables in the formats of TAP.
pub(super) async fn views(State(app): State<App>) -> Result<Response, Fault> {
    let authority = Authority(app.config.authority.clone());
    let accepted = view::taken(&authority);
    let provided = [vec![view::BINARY.to_owned()], view::given(&authority)].concat();
    let document = written(|xml| {
        let root = xml.create_element("vos:views").with_attributes(NAMESPACES);
        let lists = root.write_inner_content(|xml| {
            write_views(xml, "vos:accepts", &accepted)?;
            write_views(xml, "vos:provides", &provided)
        });
        lists.map(|_| ())
    });
    Ok(dali::document(XML, document?))
}

/// `GET /properties`. Which others people have set is theirs to know.
pub(super) async fn properties(State(app): State<App>) -> Result<Response, Fault> {
    let authority = Authority(app.config.authority.clone());
    let (accepted, provided) = (OF_PEOPLE.map(core), OF_SERVICE.map(core));
    let of_tables = OF_TABLES.map(|name| authority.own(name));
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    let provided: Vec<&str> = provided.iter().chain(&of_tables).map(String::as_str).collect();
    let all: Vec<&str> = provided.iter().chain(&accepted).copied().collect();
    let listed = [("vos:accepts", accepted.as_slice()), ("vos:provides", &provided), ("vos:contains", &all)];
    lists("vos:properties", "vos:property", &listed)
}

fn lists(root: &str, item: &str, listed: &[(&str, &[&str])]) -> Result<Response, Fault> {
    let document = written(|xml| {
        let root = xml.create_element(root).with_attributes(NAMESPACES);
        let each = root.write_inner_content(|xml| {
            listed.iter().try_for_each(|(element, uris)| references(xml, element, item, uris))
        });
        each.map(|_| ())
    });
    Ok(dali::document(XML, document?))
}

/// `GET /capabilities`.
pub(super) async fn capabilities(State(app): State<App>, headers: HeaderMap) -> Response {
    let base = format!("{}/vospace", public_url(&app, &headers));
    dali::document(XML, format!("{HEAD}{}</vosi:capabilities>\n", capability_elements(&base)))
}

/// The `capability` elements of VOSpace at `base`.
pub(crate) fn capability_elements(base: &str) -> String {
    let open = [
        ("ivo://ivoa.net/std/VOSI#capabilities", "/capabilities"),
        ("ivo://ivoa.net/std/VOSI#availability", "/availability"),
        ("ivo://ivoa.net/std/VOSpace/v2.0#protocols", "/protocols"),
        ("ivo://ivoa.net/std/VOSpace/v2.0#views", "/views"),
        ("ivo://ivoa.net/std/VOSpace/v2.0#properties", "/properties"),
    ];
    let signed_in = [
        ("ivo://ivoa.net/std/VOSpace/v2.0#nodes", "/nodes"),
        ("ivo://ivoa.net/std/VOSpace/v2.0#transfers", "/transfers"),
        ("ivo://ivoa.net/std/VOSpace/v2.0#sync", "/synctrans"),
        ("ivo://ivoa.net/std/VOSpace#sync-2.1", "/synctrans"),
        // Not of the standard: where CADC's clients read and write bytes without a transfer.
        ("ivo://ivoa.net/std/VOSpace#files-proto", "/files"),
    ];
    let open = open.map(|(standard, path)| capability(standard, &format!("{base}{path}"), ""));
    let methods: String =
        SIGN_IN.iter().map(|method| format!("<securityMethod standardID=\"{method}\"/>\n")).collect();
    let signed_in =
        signed_in.map(|(standard, path)| capability(standard, &format!("{base}{path}"), &methods));
    open.concat() + &signed_in.concat()
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<vosi:capabilities xmlns:vosi=\"http://www.ivoa.net/xml/VOSICapabilities/v1.0\" \
xmlns:vs=\"http://www.ivoa.net/xml/VODataService/v1.1\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";

fn capability(standard: &str, url: &str, methods: &str) -> String {
    format!(
        "<capability standardID=\"{standard}\">\n<interface xsi:type=\"vs:ParamHTTP\" role=\"std\" version=\"2.1\">\n\
         <accessURL use=\"base\">{}</accessURL>\n{methods}</interface>\n</capability>\n",
        escape(url)
    )
}
