//! The outermost layer: a request id, the refusals in words, the headers of our own pages, one log line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::names::Username;
use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use uuid::Uuid;

use crate::app::App;
use crate::error::Refusal;
use crate::{pages, sign_in};

/// Marks a response that a lab wrote: its headers are its own.
#[derive(Clone, Copy)]
pub struct FromLab;

/// Marks who was recognised, for the log.
#[derive(Clone)]
pub struct AskedBy(pub Username);

/// What an answer depends on, kept while the request is being handled.
struct Question {
    id: String,
    method: Method,
    route: String,
    path_and_query: String,
    html: bool,
    asked_at: Instant,
}

/// Handles a request from the first byte of its head to its log line.
pub async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let question = Question::of(&request);
    let mut response = match app.site.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let refusal = response.extensions_mut().remove::<Arc<Refusal>>();
    let asked_by = response.extensions_mut().remove::<AskedBy>();
    let from_lab = response.extensions().get::<FromLab>().is_some();
    if let Some(refusal) = &refusal {
        response = question.refuse(refusal);
    }
    if !from_lab {
        protect(response.headers_mut());
    }
    question.sign(response.headers_mut());
    question.log(response.status(), refusal.as_deref(), asked_by, from_lab);
    response
}

impl Question {
    fn of(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        Self {
            id: Uuid::new_v4().to_string(),
            method: request.method().clone(),
            // The route and not the address: addresses hold one-time codes, file names and tokens.
            route: matched.map_or("(none)", MatchedPath::as_str).to_owned(),
            path_and_query: request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            html: wants_html(request.headers()),
            asked_at: Instant::now(),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        let (status, reason) = refusal.code();
        let message = refusal.to_string();
        let mut response = match refusal {
            Refusal::SignInNeeded if self.html && self.method == Method::GET => {
                found(&sign_in::page_address(&self.path_and_query))
            }
            _ if self.html => (status, pages::refusal(status, &message, &self.id)).into_response(),
            _ => {
                let body = serde_json::json!({ "reason": reason, "message": message, "request_id": self.id });
                (status, Json(body)).into_response()
            }
        };
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(refusal, Refusal::AmbiguousLength) {
            // Nobody knows where the next request on this connection would begin.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = refusal.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn sign(&self, headers: &mut HeaderMap) {
        let id = HeaderValue::from_str(&self.id).expect("a UUID has only visible ASCII");
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }

    fn log(&self, status: StatusCode, refusal: Option<&Refusal>, by: Option<AskedBy>, from_lab: bool) {
        let Self { id, method, route, path_and_query: _, html: _, asked_at } = self;
        let user = by.as_ref().map_or("-", |AskedBy(user)| user.as_str());
        let reason = refusal.map_or("-", |refusal| refusal.code().1);
        // "Come back later" is an answer; it would fill the log while a lab starts.
        let failed = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
        let status = status.as_u16();
        let elapsed_ms = Duration::as_millis(&asked_at.elapsed());
        if failed {
            let causes = refusal.map(Refusal::causes).unwrap_or_default();
            tracing::warn!(request.id = %id, %method, %route, status, user, reason, %causes, elapsed_ms, "failed");
        } else if from_lab {
            tracing::debug!(request.id = %id, %method, %route, status, user, elapsed_ms, "answered by the lab");
        } else {
            tracing::info!(request.id = %id, %method, %route, status, user, reason, elapsed_ms, "answered");
        }
    }
}

/// Whether a person's browser wants a page, rather than a program data.
pub fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// 302, which unlike 303 and 307 every client understands as "the page is over there for now".
pub fn found(location: &str) -> Response {
    let mut response = Redirect::to(location).into_response();
    *response.status_mut() = StatusCode::FOUND;
    response
}

/// The headers of everything that we write ourselves. Nothing of it may be framed, sniffed or leave a trace.
fn protect(headers: &mut HeaderMap) {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
        connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // With less, a form of ours would hide its origin, by which it is known where browsers tell nothing else: over plain HTTP.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
