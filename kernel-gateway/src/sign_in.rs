//! Signing in with a name and a password or with a one-time link, and signing out.

mod next;
mod provider;
mod throttle;

use api::names::{USERNAME_MAX_BYTES, Username};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;

use crate::access::{Caller, Proof, refuse_foreign_form};
use crate::answer::wants_html;
use crate::app::App;
use crate::error::Refusal;
use crate::pages;

pub use next::Next;
pub use provider::{back, there};
pub use throttle::Throttle;

/// What a sign-in address may carry.
#[derive(Deserialize)]
pub struct Destination {
    next: Option<String>,
}

/// The fields of the sign-in form.
#[derive(Deserialize)]
pub struct Credentials {
    name: String,
    password: String,
    next: Option<String>,
}

/// The sign-in page that continues at `path_and_query`, where that is safe.
pub fn page_address(path_and_query: &str) -> String {
    match Next::parse(path_and_query) {
        Ok(next) if next.as_str() != "/" => format!("/login?next={}", next.encoded()),
        _ => "/login".to_owned(),
    }
}

/// `GET /login`.
pub async fn page(
    State(app): State<App>,
    Query(destination): Query<Destination>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let next = Next::of(destination.next.as_deref())?;
    if let Some(secret) = app.cookies.login_secret(&headers)
        && app.identity.logins().find(secret).await?.is_some()
    {
        return Ok(Redirect::to(next.as_str()).into_response());
    }
    Ok(pages::sign_in(&next, &app.providers, None).into_response())
}

/// `POST /login`.
pub async fn with_password(
    State(app): State<App>,
    headers: HeaderMap,
    form: Result<Form<Credentials>, FormRejection>,
) -> Result<Response, Refusal> {
    refuse_foreign_form(&app.site, &headers)?;
    let Form(credentials) = form.map_err(|rejection| unreadable(&app, &rejection))?;
    let next = Next::of(credentials.next.as_deref())?;
    match check_password(&app, &credentials.name, credentials.password.into()).await {
        Ok(user) => begin_and_go(&app, &user, &next, &headers).await,
        Err(refusal @ (Refusal::WrongCredentials | Refusal::TooManyFailures { .. }))
            if wants_html(&headers) =>
        {
            Ok(refusal_on_the_page(&app, &next, &refusal))
        }
        Err(refusal) => Err(refusal),
    }
}

/// `GET /login/link/{code}`. `HEAD` and prefetches, which link previews send, do not use the code up.
pub async fn with_link(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(destination): Query<Destination>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if method == Method::HEAD || headers.contains_key("sec-purpose") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let next = Next::of(destination.next.as_deref().or(Some("/lab")))?;
    let user = app.identity.redeem_link(&code).await?.ok_or(Refusal::DeadLink)?;
    tracing::info!(%user, "signed in by a one-time link");
    begin_and_go(&app, &user, &next, &headers).await
}

/// `POST /logout`: ends the login in every tab, open WebSockets included.
pub async fn sign_out(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refusal> {
    if let Proof::Cookie { login, .. } = &caller.proof {
        app.identity.logins().end(&login.id).await?;
    }
    let mut response = Redirect::to("/login").into_response();
    app.cookies.clear(&mut response);
    Ok(response)
}

fn unreadable(app: &App, rejection: &FormRejection) -> Refusal {
    match rejection {
        FormRejection::BytesRejection(_) => Refusal::TooLarge { limit_bytes: app.traffic.form_bytes },
        _ => Refusal::BadForm,
    }
}

/// The account that name and password open. Unknown names cost the same time and get the same answer.
async fn check_password(app: &App, name: &str, password: SecretString) -> Result<Username, Refusal> {
    // Names of any length arrive here; nothing below this line keeps or logs a long one.
    let name = if name.len() <= USERNAME_MAX_BYTES { name } else { "" };
    let failures = app.throttle.admit(name)?;
    let user = name.parse::<Username>().ok();
    let matches = app.identity.accounts().check(user.as_ref(), password).await?;
    match user.filter(|_| matches) {
        Some(user) => {
            app.throttle.forgive(name);
            tracing::info!(%user, "signed in with a password");
            Ok(user)
        }
        None => {
            tracing::info!(name = ?name, failures, "refused a sign-in");
            Err(Refusal::WrongCredentials)
        }
    }
}

/// Begins a login and goes on.
async fn begin_and_go(
    app: &App,
    user: &Username,
    next: &Next,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let secret = begin(app, user, headers).await?;
    let mut response = Redirect::to(next.as_str()).into_response();
    app.cookies.set(&mut response, &secret);
    Ok(response)
}

/// A fresh login, whose secret is for the browser's cookie, and the end of the one that it had: nobody can plant a known
/// cookie beforehand.
async fn begin(app: &App, user: &Username, headers: &HeaderMap) -> Result<String, Refusal> {
    let logins = app.identity.logins();
    if let Some(old) = app.cookies.login_secret(headers)
        && let Some(login) = logins.find(old).await?
    {
        logins.end(&login.id).await?;
    }
    Ok(logins.begin(user).await?)
}

fn refusal_on_the_page(app: &App, next: &Next, refusal: &Refusal) -> Response {
    let page = pages::sign_in(next, &app.providers, Some(&refusal.to_string()));
    let mut response = (refusal.code().0, page).into_response();
    if let Some(seconds) = refusal.retry_after_seconds() {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}
