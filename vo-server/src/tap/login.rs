//! Login and logout as astroquery does them (TAP+), and whether a user exists.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};

use crate::app::App;
use crate::dali::{self, Answer};
use crate::identity::{self, COOKIE, Caller, Logins};
use crate::parameters::Parameters;

/// `POST /login` with `username` and `password`: a cookie.
pub(crate) async fn login(State(app): State<App>, request: Request) -> Result<Response, Answer> {
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let name = parameters.required("username")?;
    let password = parameters.required("password")?.to_owned();
    let user = identity::sign_in(&app, name, password.into()).await?;
    let secret = Logins::new(&app.state).begin(&user).await?;
    tracing::info!(user = %user, "signed in");
    Ok(with_cookie(&app, dali::text(format!("{user}\n")), &secret))
}

/// `POST /logout`: ends the login of the cookie, if there is one.
pub(crate) async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, Answer> {
    if let Some(secret) = identity::login_secret(&headers) {
        Logins::new(&app.state).end(secret).await?;
    }
    Ok(with_cookie(&app, dali::text(""), ""))
}

/// `GET /tap/users?USER=name`: `name: <known>`, as astroquery's `is_valid_user` looks for it; nothing for others.
pub(crate) async fn users(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    caller.person()?;
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let asked = parameters.required("USER")?;
    let known = match (asked.parse(), &app.passwords) {
        (Ok(name), Some(passwords)) => passwords.exists(&name).await,
        _ => false,
    };
    Ok(dali::text(if known { format!("{asked}: {asked}\n") } else { String::new() }))
}

/// Sent to this host only, never by pages of other sites, and hidden from scripts.
fn with_cookie(app: &App, mut response: Response, secret: &str) -> Response {
    let secure = if app.config.tls.is_some() { "; Secure" } else { "" };
    let max_age = if secret.is_empty() { 0 } else { Logins::<'_>::SECONDS };
    let cookie = format!("{COOKIE}={secret}; Path=/; Max-Age={max_age}; SameSite=Strict; HttpOnly{secure}");
    let cookie = HeaderValue::from_str(&cookie).expect("names and hexadecimal digits are visible ASCII");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.into_response()
}
