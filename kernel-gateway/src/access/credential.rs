//! Reading the credential of a request: a Bearer token, a token in a WebSocket's address, or a cookie.

use http::request::Parts;
use http::{HeaderMap, header};

use super::{Caller, Proof};
use crate::app::App;
use crate::cookies;
use crate::error::Refusal;
use crate::proxy;

/// The person behind a request. A token that is shown must be good, also where a good cookie is beside it.
pub async fn person(app: &App, head: &Parts) -> Result<Caller, Refusal> {
    if let Some(token) = bearer(&head.headers).or_else(|| address_token(head)) {
        let claims = app.verifier.verify(token).map_err(Refusal::BadToken)?;
        return Ok(Caller { user: claims.sub, proof: Proof::Token { expires_at: claims.exp } });
    }
    let secret = app.cookies.login_secret(&head.headers).ok_or(Refusal::SignInNeeded)?;
    let login = app.identity.logins().find(secret).await?.ok_or(Refusal::SignInNeeded)?;
    let xsrf_token = cookies::xsrf_token(secret);
    Ok(Caller { user: login.user.clone(), proof: Proof::Cookie { login, xsrf_token } })
}

/// The lab behind a request.
pub fn lab(app: &App, head: &Parts) -> Result<Caller, Refusal> {
    let secret = bearer(&head.headers).ok_or(Refusal::SignInNeeded)?;
    let user = app.labs.owner_of(secret).ok_or(Refusal::SignInNeeded)?;
    Ok(Caller { user, proof: Proof::LabSecret })
}

/// The secret whose cookies must be set again because the login has just been extended.
pub fn renewal(app: &App, caller: &Caller, head: &Parts) -> Option<String> {
    match &caller.proof {
        Proof::Cookie { login, .. } if login.extended => {
            app.cookies.login_secret(&head.headers).map(ToOwned::to_owned)
        }
        Proof::Cookie { .. } | Proof::Token { .. } | Proof::LabSecret => None,
    }
}

/// The token of `Authorization: Bearer ...`, or `token ...` as Jupyter clients write it (RFC 9110 section 11.4).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then(|| token.trim())
}

/// The token in the address of a WebSocket. Elsewhere it would end up in logs and histories, and counts nothing.
fn address_token(head: &Parts) -> Option<&str> {
    if !proxy::is_websocket(&head.method, &head.headers) {
        return None;
    }
    let pairs = head.uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, token)| *name == "token" && !token.is_empty()).map(|(_, token)| token).next()
}
