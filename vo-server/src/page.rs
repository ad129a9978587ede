//! The page for people at `/`: tables, a query with completion, rows, a plot, jobs.
//!
//! It is plain files, built into the program and served as they are. What the page does, it does through the same TAP
//! that everybody uses; only [`words`] and who is signed in are answered for it alone.

mod files;
mod words;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::app::App;
use crate::dali::Answer;
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::usage;

/// Nothing but our own files, no script or style within a document, and no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The addresses of the page.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || files::page()))
        .route("/page/{file}", get(file))
        .route("/page/session.json", get(session))
        .route("/page/language.json", get(words::language))
        .route("/page/sql", post(words::sql))
        .route("/page/usage.json", get(usage::page::counts))
        .route("/usage", get(async || files::usage()))
        .route("/api", get(async || files::api()))
        .route("/openapi.json", get(async || files::openapi()))
        .layer(map_response(protected))
}

async fn file(Path(name): Path<String>) -> Result<Response, Answer> {
    let file = files::named(&name);
    Ok(file.ok_or_else(|| Refusal::NotFound { what: "such file of the page".to_owned() })?)
}

/// Who is signed in, and where notebooks are.
async fn session(State(app): State<App>, caller: Caller) -> Json<Value> {
    let user = caller.person().ok().map(ToString::to_string);
    Json(json!({ "user": user, "labs_url": app.labs_url.get() }))
}

async fn protected(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // After an update nobody has half a page of the old one; the files are small.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
