//! Requests that a foreign page makes a signed-in browser send.
//!
//! Two independent guards: where the browser says the request comes from (Fetch Metadata, or `Origin`), and a
//! value that only our own pages can read. Requests with a token need neither: no browser sends it by itself.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{HeaderMap, Method, header};

use super::Site;
use crate::cookies;
use crate::error::Refusal;
use crate::{proxy, secrets};

/// Where a request comes from, as the browser says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// One of our pages.
    Ourselves,
    /// The address bar, a bookmark, another program.
    Person,
    /// Any other page, the same host on another port included.
    Foreign,
    /// It says nothing.
    Unstated,
}

/// Lets a cookie's request through when it is one of our own. Reads a form of at most `form_bytes` for its
/// `_xsrf` field; without that number only the header counts.
pub async fn check(
    site: &Site,
    xsrf_token: &str,
    request: Request,
    form_bytes: Option<usize>,
) -> Result<Request, Refusal> {
    let sender = sender(site, request.headers());
    if proxy::is_websocket(request.method(), request.headers()) {
        // Browsers always name the origin of a WebSocket (RFC 6455 section 4.1), and send cookies to any.
        let ours = site.origin_is_ours(request.headers()) == Some(true) && sender == Sender::Ourselves;
        return if ours { Ok(request) } else { Err(Refusal::ForeignPage) };
    }
    if is_safe(request.method()) {
        let allowed = sender != Sender::Foreign || is_navigation(request.headers());
        return if allowed { Ok(request) } else { Err(Refusal::ForeignPage) };
    }
    if sender != Sender::Ourselves {
        return Err(Refusal::ForeignPage);
    }
    if echoed(request.headers(), xsrf_token, header_token(request.headers())) {
        return Ok(request);
    }
    match form_bytes {
        Some(limit_bytes) if is_form(request.headers()) => check_form(xsrf_token, request, limit_bytes).await,
        _ => Err(Refusal::StaleForm),
    }
}

/// Refuses a sign-in that another page sends. A program that states nothing is no browser and may sign in.
pub fn refuse_foreign_form(site: &Site, headers: &HeaderMap) -> Result<(), Refusal> {
    if sender(site, headers) == Sender::Foreign { Err(Refusal::ForeignPage) } else { Ok(()) }
}

fn sender(site: &Site, headers: &HeaderMap) -> Sender {
    let origin = site.origin_is_ours(headers);
    // A page that sends no referrer has forms that state no origin (Fetch, section 3.2).
    let hidden = headers.get(header::ORIGIN).is_some_and(|origin| origin == "null");
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin") if hidden || origin != Some(false) => Sender::Ourselves,
        Some(b"none") if hidden || origin != Some(false) => Sender::Person,
        Some(_) => Sender::Foreign,
        None => match origin {
            Some(true) => Sender::Ourselves,
            Some(false) => Sender::Foreign,
            None => Sender::Unstated,
        },
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A link somebody follows, as opposed to an image, a script or a frame of a foreign page.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

fn header_token(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-xsrftoken")?.to_str().ok()
}

/// Whether the value was sent twice, once as cookie and once by the page, and is this login's.
fn echoed(headers: &HeaderMap, expected: &str, sent: Option<&str>) -> bool {
    let in_cookie = cookies::values(headers, cookies::XSRF).any(|value| secrets::equal(value, expected));
    in_cookie && sent.is_some_and(|sent| secrets::equal(sent, expected))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
}

async fn check_form(xsrf_token: &str, request: Request, limit_bytes: usize) -> Result<Request, Refusal> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, limit_bytes).await.map_err(|_| Refusal::TooLarge { limit_bytes })?;
    // The value is hexadecimal, so the field needs no decoding.
    let text = std::str::from_utf8(&bytes).map_err(|_| Refusal::BadForm)?;
    let field = text.split('&').find_map(|pair| pair.strip_prefix("_xsrf="));
    if echoed(&head.headers, xsrf_token, field) {
        Ok(Request::from_parts(head, Body::from(bytes)))
    } else {
        Err(Refusal::StaleForm)
    }
}
