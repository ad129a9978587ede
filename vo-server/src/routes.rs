//! Every address on one page.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::app::App;
use crate::dali::Answer;
use crate::refusal::Refusal;
use crate::user_tables::cadc;
use crate::uws::{lists, properties, status, submit};
use crate::{cone, data, page, registry, tap, usage, user_tables, uws, vosi, vospace};

/// How long a browser may remember that other pages may ask here.
const PREFLIGHT_REMEMBERED: Duration = Duration::from_secs(3600);

/// The routes of a server.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .nest("/tap-server", tap_server())
        .nest("/data-server", data_server())
        .nest("/vospace", vospace::routes())
        .route("/cone/{table}", get(cone::answer).post(cone::answer))
        .route("/registry", get(registry::all))
        .route("/registry/{name}", get(registry::one))
        .merge(page::routes())
        .route("/metrics", get(usage::metrics_document))
        .route("/livez", get(|| async { "ok\n" }))
        .fallback(|| async { Answer::from(Refusal::NotFound { what: "such address here".to_owned() }) })
        .method_not_allowed_fallback(|| async { Answer::from(Refusal::WrongMethod) })
        .layer(middleware::from_fn_with_state(app.clone(), usage::count))
        .layer(middleware::from_fn(for_pages_elsewhere))
        .with_state(app)
}

/// The server as this client calls it, so that links lead back through the name, tunnel or port it came by.
/// Without a trailing slash.
pub(crate) fn public_url(app: &App, headers: &HeaderMap) -> String {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.filter(|host| host.parse::<http::uri::Authority>().is_ok());
    host.map_or_else(|| app.base_url(), |host| format!("{scheme}://{host}"))
}

fn tap_server() -> Router<App> {
    Router::new()
        .nest("/tap", tap())
        .route("/login", post(tap::login::login))
        .route("/logout", post(tap::login::logout))
        .route("/Upload", post(user_tables::upload))
        .route("/TableTool", post(user_tables::tool::change))
        .route("/esatapplus.xsd", get(vosi::tables::schema_of_attributes))
}

fn data_server() -> Router<App> {
    Router::new()
        .route("/data", get(data::answer).post(data::answer))
        .route("/datalink/links", get(data::links::answer).post(data::links::answer))
        .route("/login", post(tap::login::login))
        .route("/logout", post(tap::login::logout))
}

fn tap() -> Router<App> {
    Router::new()
        .route("/sync", get(tap::sync::answer).post(tap::sync::answer))
        .route("/async", get(lists::list).post(submit::create))
        .route("/async/{id}", get(status::show).post(submit::change).delete(uws::delete))
        .route("/async/{id}/phase", get(status::phase).post(status::set_phase))
        .route("/async/{id}/parameters", get(submit::parameters).post(submit::set_parameters))
        .route("/async/{id}/{part}", get(properties::part).post(properties::set_part))
        .route("/async/{id}/results/result", get(properties::result))
        .route("/jobs/async", get(lists::search))
        .route("/deletejobs", post(lists::delete_several))
        .route("/capabilities", get(vosi::capabilities::document))
        .route("/availability", get(vosi::availability))
        .route("/tables", get(vosi::tables::all))
        .route("/tables/{name}", get(vosi::tables::one).put(cadc::make).delete(cadc::remove))
        .route("/load/{name}", post(cadc::load))
        .route("/table-update", post(cadc::index))
        .route("/examples", get(vosi::examples))
        .route("/notification", get(tap::notifications))
        .route("/users", get(tap::login::users))
        .route("/share", get(user_tables::share::list).post(user_tables::share::change))
}

/// Pages of other sites, such as ESASky, may ask here, but never in the name of whoever is signed in: browsers do
/// not send cookies along, and let nobody read answers for which they did.
async fn for_pages_elsewhere(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::SERVER, HeaderValue::from_static("nearside"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let names = HeaderValue::from_static("Authorization, Content-Type");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_REMEMBERED.as_secs().into());
    }
    response
}
