//! Signing in at another identity provider: there, and back with an answer.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;

use super::{Destination, Next, begin};
use crate::app::App;
use crate::error::Refusal;
use crate::pages;
use crate::providers::{Answer, Attempt, Provider};

/// `GET /login/with/{provider}`: to the provider.
pub async fn there(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(destination): Query<Destination>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let provider = named(&app, &name)?;
    let attempt = Attempt::begin(&provider.name, Next::of(destination.next.as_deref())?);
    let back = app.site.address(&headers, &path_back(provider)).ok_or(Refusal::ForeignHost)?;
    let address = provider.address(&attempt, back).await;
    let address = address.map_err(|error| Refusal::provider(provider, error))?;
    let mut response = Redirect::to(address.as_str()).into_response();
    app.cookies.set_attempt(&mut response, &attempt.to_cookie());
    Ok(response)
}

/// `GET /login/with/{provider}/callback`: back from it.
///
/// The page that answers moves on by itself: a redirect would still be the provider's navigation, on which browsers keep
/// a strict cookie to themselves.
pub async fn back(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let provider = named(&app, &name)?;
    let attempt = app.cookies.attempt(&headers).and_then(Attempt::of_cookie);
    let attempt = attempt
        .filter(|attempt| attempt.provider == provider.name && attempt.is_of(answer.state.as_deref()))
        .ok_or(Refusal::StrayAnswer)?;
    let address = app.site.address(&headers, &path_back(provider)).ok_or(Refusal::ForeignHost)?;
    let person = provider.person(&attempt, address, answer).await;
    let person = person.map_err(|error| Refusal::provider(provider, error))?;
    let user = app.identity.account_of(&person).await?;
    tracing::info!(%user, provider = provider.name, "signed in at a provider");
    let secret = begin(&app, &user, &headers).await?;
    let mut response = pages::signed_in(&attempt.next).into_response();
    app.cookies.set(&mut response, &secret);
    app.cookies.clear_attempt(&mut response);
    Ok(response)
}

fn named<'a>(app: &'a App, name: &str) -> Result<&'a Provider, Refusal> {
    app.providers.iter().find(|provider| provider.name == name).ok_or(Refusal::NotFound)
}

fn path_back(provider: &Provider) -> String {
    format!("/login/with/{}/callback", provider.name)
}
