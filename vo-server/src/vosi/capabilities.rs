//! `GET /capabilities` (VOSI 1.1 section 4, TAPRegExt 1.0): languages, functions, formats, limits and ways to sign in.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use quick_xml::escape::escape;

use super::XML;
use crate::adql::{self, Function};
use crate::app::App;
use crate::dali;
use crate::format::OFFERS;
use crate::routes::public_url;

/// Where uploaded tables may come from; over HTTP from this server itself only.
const UPLOADS: [&str; 2] = ["inline", "http"];

/// The end of a feature that validators of TAPRegExt 1.0 do not know, and call an error.
const LATER: &str = "#features-adql-conditional";

/// The ways to sign in, by their identifiers.
const SIGN_IN: [&str; 2] = ["ivo://ivoa.net/sso#BasicAA", "ivo://ivoa.net/sso#cookie"];

/// The document.
pub(crate) async fn document(State(app): State<App>, headers: http::HeaderMap) -> Response {
    let base = format!("{}/tap-server/tap", public_url(&app, &headers));
    dali::document(XML, format!("{HEAD}{}</vosi:capabilities>\n", of_tap(&base)))
}

/// The `capability` elements of TAP at `base`.
pub(crate) fn of_tap(base: &str) -> String {
    let mut text = access(base);
    for (standard, path, kind) in [
        ("ivo://ivoa.net/std/VOSI#capabilities", "/capabilities", "full"),
        ("ivo://ivoa.net/std/VOSI#availability", "/availability", "full"),
        ("ivo://ivoa.net/std/VOSI#tables-1.1", "/tables", "full"),
        ("ivo://ivoa.net/std/DALI#examples", "/examples", "full"),
    ] {
        text.push_str(&format!(
            "<capability standardID=\"{standard}\">\n{}</capability>\n",
            interface(base, path, kind)
        ));
    }
    text
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<vosi:capabilities xmlns:vosi=\"http://www.ivoa.net/xml/VOSICapabilities/v1.0\" \
xmlns:vs=\"http://www.ivoa.net/xml/VODataService/v1.1\" \
xmlns:tr=\"http://www.ivoa.net/xml/TAPRegExt/v1.0\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";

fn interface(base: &str, path: &str, kind: &str) -> String {
    format!(
        "<interface xsi:type=\"vs:ParamHTTP\" version=\"1.1\" role=\"std\">\n\
         <accessURL use=\"{kind}\">{}{path}</accessURL>\n</interface>\n",
        escape(base)
    )
}

/// The capability of TAP itself.
fn access(base: &str) -> String {
    let security: String =
        SIGN_IN.iter().map(|method| format!("<securityMethod standardID=\"{method}\"/>\n")).collect();
    let interfaces = format!(
        "<interface xsi:type=\"vs:ParamHTTP\" role=\"std\" version=\"1.1\">\n\
         <accessURL use=\"base\">{0}</accessURL>\n</interface>\n\
         <interface xsi:type=\"vs:ParamHTTP\" version=\"1.1\">\n\
         <accessURL use=\"base\">{0}</accessURL>\n{security}</interface>\n",
        escape(base)
    );
    let uploads: String = UPLOADS
        .iter()
        .map(|method| format!("<uploadMethod ivo-id=\"ivo://ivoa.net/std/TAPRegExt#upload-{method}\"/>\n"))
        .collect();
    format!(
        "<capability xsi:type=\"tr:TableAccess\" standardID=\"ivo://ivoa.net/std/TAP\">\n\
         {interfaces}{}{}{uploads}</capability>\n",
        language(),
        formats()
    )
}

fn language() -> String {
    let mut features = BTreeMap::<&str, Vec<&Function>>::new();
    for function in adql::functions() {
        if let Some(feature) = function.group.feature().filter(|feature| !feature.ends_with(LATER)) {
            features.entry(feature).or_default().push(function);
        }
    }
    let features: String = features
        .iter()
        .map(|(feature, functions)| {
            let functions: String = functions.iter().map(|function| described(feature, function)).collect();
            format!("<languageFeatures type=\"{feature}\">\n{functions}</languageFeatures>\n")
        })
        .collect();
    format!(
        "<language>\n<name>ADQL</name>\n\
         <version ivo-id=\"ivo://ivoa.net/std/ADQL#v2.0\">2.0</version>\n\
         <version ivo-id=\"ivo://ivoa.net/std/ADQL#v2.1\">2.1</version>\n\
         <description>Astronomical Data Query Language</description>\n{features}</language>\n"
    )
}

/// User-defined functions are announced by their signature, the others by their name (TAPRegExt 1.0 section 2.3).
fn described(feature: &str, function: &Function) -> String {
    let form =
        if feature.ends_with("udf") { function.signature.to_owned() } else { function.name.to_uppercase() };
    format!(
        "<feature>\n<form>{}</form>\n<description>{}</description>\n</feature>\n",
        escape(form),
        escape(function.about)
    )
}

fn formats() -> String {
    let one = |offer: &crate::format::Offer| {
        let aliases = offer.aliases.iter().filter(|alias| !alias.contains(['/', ';']));
        let aliases: String = aliases.map(|alias| format!("<alias>{alias}</alias>\n")).collect();
        format!("<outputFormat>\n<mime>{}</mime>\n{aliases}</outputFormat>\n", offer.media_type)
    };
    OFFERS.iter().map(one).collect()
}
