//! The gateway's own pages: small, without scripts where they can do without, and readable by everybody.

use axum::Extension;
use axum::extract::State;
use axum::response::{Html, Response};
use http::StatusCode;

use crate::access::{Caller, Proof};
use crate::answer::found;
use crate::app::App;
use crate::error::Refusal;
use crate::providers::Provider;
use crate::sign_in::Next;

/// `GET /`.
pub async fn home() -> Response {
    found("/lab")
}

/// Any unknown address, for those who are signed in.
pub async fn not_found() -> Refusal {
    Refusal::NotFound
}

/// A known address with another method, for those who are signed in.
pub async fn wrong_method() -> Refusal {
    Refusal::WrongMethod
}

/// `GET /catalogue`: the catalogue's own page, where there is one.
pub async fn catalogue(State(app): State<App>) -> Result<Response, Refusal> {
    app.catalogue_url.as_deref().map(found).ok_or(Refusal::NotFound)
}

/// `GET /notebook#code`: the code, and the button that makes a notebook of it. What is behind the `#` stays in the
/// browser.
pub async fn notebook(Extension(caller): Extension<Caller>) -> Html<String> {
    page("New notebook", &fill(include_str!("../assets/notebook.html"), &[("user", caller.user.as_str())]))
}

/// `GET /token`: the button that makes a token.
pub async fn token(Extension(caller): Extension<Caller>) -> Html<String> {
    let main = fill(
        include_str!("../assets/token.html"),
        &[("user", caller.user.as_str()), ("xsrf", xsrf(&caller))],
    );
    page("Access token", &main)
}

/// `GET /logout`: the button that signs out.
pub async fn sign_out(Extension(caller): Extension<Caller>) -> Html<String> {
    let main = fill(
        include_str!("../assets/sign-out.html"),
        &[("user", caller.user.as_str()), ("xsrf", xsrf(&caller))],
    );
    page("Sign out", &main)
}

/// A token, shown once.
pub fn fresh_token(caller: &Caller, token: &str) -> Html<String> {
    let values = [("user", caller.user.as_str()), ("token", token)];
    page("Access token", &fill(include_str!("../assets/fresh-token.html"), &values))
}

/// The sign-in form, with the reason why the last attempt failed.
pub fn sign_in(next: &Next, providers: &[Provider], problem: Option<&str>) -> Html<String> {
    let problem = problem.map(|text| format!(r#"<p class="problem" role="alert">{}</p>"#, escape(text)));
    let form = fill(include_str!("../assets/sign-in.html"), &[("next", next.as_str())]);
    let links = providers.iter().map(|provider| {
        let values = [("name", provider.name.as_str()), ("title", &provider.title), ("next", &next.encoded())];
        fill(r#"<p><a class="button" href="/login/with/{{name}}?next={{next}}">Sign in with {{title}}</a></p>"#, &values)
    });
    let form = form.replace("<!-- problem -->", &problem.unwrap_or_default());
    page("Sign in", &form.replace("<!-- providers -->", &links.collect::<String>()))
}

/// The page after a sign-in at a provider, which goes on by itself.
pub fn signed_in(next: &Next) -> Html<String> {
    page("Signed in", &fill(include_str!("../assets/signed-in.html"), &[("next", next.as_str())]))
}

/// The page that shows a lab starting, and goes to `destination` once it is ready.
pub fn progress(caller: &Caller, destination: &str) -> Html<String> {
    let values = [("user", caller.user.as_str()), ("destination", destination)];
    page("Your lab is starting", &fill(include_str!("../assets/progress.html"), &values))
}

/// A refusal in words.
pub fn refusal(status: StatusCode, message: &str, request_id: &str) -> Html<String> {
    let title = status.canonical_reason().unwrap_or("Refused");
    let values = [("title", title), ("message", message), ("request_id", request_id)];
    page(title, &fill(include_str!("../assets/refusal.html"), &values))
}

fn page(title: &str, main: &str) -> Html<String> {
    let frame = fill(include_str!("../assets/frame.html"), &[("title", title)]);
    Html(frame.replace("<!-- main -->", main))
}

/// Puts escaped values in the place of `{{name}}`. Values cannot name further places: one pass over the template.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").expect("templates are ours, and close what they open");
        let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        text += &escape(value.expect("templates are ours, and name only what they are given"));
        text += rest;
    }
    text
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

fn xsrf(caller: &Caller) -> &str {
    match &caller.proof {
        Proof::Cookie { xsrf_token, .. } => xsrf_token,
        Proof::Token { .. } | Proof::LabSecret => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_text_and_never_markup_or_places() {
        assert_eq!(
            fill("<p title=\"{{a}}\">{{b}}</p>", &[("a", "\"'&"), ("b", "<script>{{a}}")]),
            "<p title=\"&quot;&#39;&amp;\">&lt;script&gt;{{a}}</p>"
        );
    }
}
