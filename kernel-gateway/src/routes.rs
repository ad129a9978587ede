//! Every address of the gateway on one page: method, path, who may use it, and who answers.
//!
//! The router is built from this table and from nothing else, so a route without an [`Access`] cannot exist.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use crate::access::{self, Access::*};
use crate::answer;
use crate::app::App;
use crate::{assets, health, pages, progress, proxy, sign_in, tokens};

pub use crate::access::Access;

/// One line of the table.
pub struct Route {
    /// The method, or none where all are passed on.
    pub method: Option<Method>,
    /// The path, with axum's placeholders.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    handler: MethodRouter<App>,
}

/// The table.
#[rustfmt::skip]
pub fn table() -> Vec<Route> {
    vec![
        // Health, keys and static files.
        get("/livez",                 Public,    health::livez),
        get("/readyz",                Public,    health::readyz),
        get("/.well-known/jwks.json", Public,    tokens::key_set),
        get("/static/nearside.css",   Public,    assets::style),
        get("/static/progress.js",    Public,    assets::script),
        get("/static/notebook.js",    Public,    assets::notebook_script),
        get("/static/icon.svg",       Public,    assets::icon),
        // Signing in and out.
        get("/login",                 Public,    sign_in::page),
        post("/login",                Public,    sign_in::with_password),
        get("/login/link/{code}",     Public,    sign_in::with_link),
        get("/login/with/{provider}", Public,   sign_in::there),
        get("/login/with/{provider}/callback", Public, sign_in::back),
        get("/logout",                Login,     pages::sign_out),
        post("/logout",               Login,     sign_in::sign_out),
        // Tokens.
        get("/token",                 Login,     pages::token),
        post("/api/token",            Login,     tokens::for_person),
        post("/api/lab/token",        LabSecret, tokens::for_lab),
        // The catalogue's page, and the notebook that it proposes.
        get("/catalogue",             Login,     pages::catalogue),
        get("/notebook",              Login,     pages::notebook),
        // The caller's lab: start it, watch it start, use it.
        get("/",                      Login,     pages::home),
        get("/lab",                   Login,     progress::page),
        get("/lab/{*rest}",           Login,     progress::page),
        get("/lab/progress",          Login,     progress::events),
        all("/user/{name}",           Lab,       proxy::base),
        all("/user/{name}/",          Lab,       proxy::lab),
        all("/user/{name}/{*rest}",   Lab,       proxy::lab),
    ]
}

/// The router of the table. What is not in it is refused like everything else, and is 404 to those signed in.
pub(crate) fn router(app: App) -> Router {
    let guard = |access: Access| from_fn_with_state((app.clone(), access), access::check);
    let mut router = Router::new();
    for Route { method: _, path, access, handler } in table() {
        router = router.route(path, handler.route_layer(guard(access)));
    }
    router
        .fallback(pages::not_found.layer(guard(Login)))
        .method_not_allowed_fallback(pages::wrong_method.layer(guard(Login)))
        .layer(DefaultBodyLimit::max(app.traffic.form_bytes))
        .layer(from_fn(proxy::refuse_ambiguous_length))
        .layer(from_fn_with_state(app.clone(), answer::answer))
        .with_state(app)
}

/// The methods of Jupyter's interface. The rest of HTTP's, and anybody's own, stay outside.
fn passed_on() -> MethodFilter {
    let reading = MethodFilter::GET.or(MethodFilter::HEAD).or(MethodFilter::OPTIONS);
    reading.or(MethodFilter::POST).or(MethodFilter::PUT).or(MethodFilter::PATCH).or(MethodFilter::DELETE)
}

fn get<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: Some(Method::GET), path, access, handler: on(MethodFilter::GET, handler) }
}

fn post<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: Some(Method::POST), path, access, handler: on(MethodFilter::POST, handler) }
}

fn all<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route { method: None, path, access, handler: on(passed_on(), handler) }
}
