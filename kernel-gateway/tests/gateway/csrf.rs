//! What foreign pages can make a signed-in browser do: nothing.

use reqwest::Method;

use crate::harness::{Gateway, refusal};

/// Where a request seems to come from, and whether that is our own page.
fn senders(own: &str) -> Vec<(Vec<(&'static str, String)>, bool)> {
    let site = |value: &str| ("sec-fetch-site", value.to_owned());
    let origin = |value: &str| ("origin", value.to_owned());
    vec![
        (vec![site("same-origin")], true),
        (vec![site("same-origin"), origin(own)], true),
        (vec![site("same-origin"), origin("null")], true),
        (vec![origin(own)], true),
        (vec![], false),
        (vec![site("none")], false),
        (vec![site("same-site")], false),
        (vec![site("cross-site")], false),
        (vec![site("")], false),
        (vec![site("same-origin, cross-site")], false),
        (vec![site("same-origin"), origin("https://evil.example")], false),
        (vec![site("cross-site"), origin(own)], false),
        (vec![site("cross-site"), ("sec-fetch-mode", "no-cors".to_owned())], false),
        (
            vec![
                site("cross-site"),
                ("sec-fetch-mode", "navigate".to_owned()),
                ("sec-fetch-dest", "document".to_owned()),
            ],
            false,
        ),
        (vec![origin("null")], false),
        (vec![origin(&own.replace("http:", "https:"))], false),
        (vec![origin(&format!("{own}0"))], false),
        (vec![origin(&format!("{own}.evil.example"))], false),
    ]
}

#[tokio::test]
async fn a_cookie_changes_something_only_from_our_own_page_with_the_logins_own_value() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let stranger = gateway.browser("caroline").await;
    let own = gateway.handle.url();
    let values = [
        (Some(maria.xsrf.clone()), maria.cookies.clone(), true),
        (None, maria.cookies.clone(), false),
        (Some(String::new()), maria.cookies.clone(), false),
        (Some("wrong".to_owned()), maria.cookies.clone(), false),
        // Another login's value, planted as header and as cookie.
        (Some(stranger.xsrf.clone()), maria.cookies.replace(&maria.xsrf, &stranger.xsrf), false),
        // The right header, but the page could not read the cookie.
        (Some(maria.xsrf.clone()), maria.cookies.replace("_xsrf", "other"), false),
    ];
    let routes = [
        (Method::POST, "/api/token"),
        (Method::PUT, "/user/maria/x"),
        (Method::DELETE, "/user/maria/x"),
        (Method::PATCH, "/user/maria/x"),
        (Method::POST, "/user/maria/x"),
    ];
    for (headers, ours) in senders(&own) {
        for (value, cookies, good) in &values {
            for (method, path) in &routes {
                let request =
                    gateway.client.request(method.clone(), gateway.url(path)).header("cookie", cookies);
                let request =
                    headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
                let request =
                    value.iter().fold(request, |request, value| request.header("x-xsrftoken", value));
                let answer = request.send().await.expect("an answer");
                let claim = format!("{method} {path} {headers:?} {value:?}");
                match (ours, *good) {
                    (true, true) => assert_eq!(answer.status(), 200, "{claim}"),
                    (true, false) => {
                        assert_eq!(refusal(answer).await, (403, "stale-form".to_owned()), "{claim}")
                    }
                    (false, _) => {
                        assert_eq!(refusal(answer).await, (403, "foreign-page".to_owned()), "{claim}")
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn foreign_pages_cannot_embed_a_lab_but_people_can_follow_links_to_it() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let get = async |site: &str, mode: &str, dest: &str| {
        let request =
            gateway.get("/user/maria/x").header("cookie", &maria.cookies).header("sec-fetch-site", site);
        let request = request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(get("same-origin", "cors", "empty").await, 200);
    assert_eq!(get("none", "navigate", "document").await, 200);
    assert_eq!(get("cross-site", "navigate", "document").await, 200);
    assert_eq!(get("cross-site", "navigate", "iframe").await, 403);
    assert_eq!(get("cross-site", "no-cors", "script").await, 403);
    assert_eq!(get("same-site", "no-cors", "image").await, 403, "another program of this machine");
    assert_eq!(get("same-site", "cors", "empty").await, 403);
}

#[tokio::test]
async fn our_forms_carry_the_value_as_a_field_and_a_lab_needs_the_header() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let send = async |path: &str, body: String| {
        let request =
            gateway.post(path).header("cookie", &maria.cookies).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        request.header("accept", "text/html").send().await.expect("an answer")
    };
    let page =
        maria.navigates(gateway.get("/token")).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains(&format!(r#"name="_xsrf" value="{}""#, maria.xsrf)), "{page}");
    let answer = send("/api/token", format!("_xsrf={}", maria.xsrf)).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.expect("a page").contains(">eyJ"), "the token is on the page");
    assert_eq!(send("/api/token", "_xsrf=wrong".to_owned()).await.status(), 403);
    assert_eq!(send("/api/token", format!("x={}", "m".repeat(20_000))).await.status(), 413);
    assert_eq!(send("/user/maria/x", format!("_xsrf={}", maria.xsrf)).await.status(), 403);
}

#[tokio::test]
async fn a_token_needs_none_of_it() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[api::token::Audience::Gateway]);
    let answer =
        gateway.post("/user/maria/x").bearer_auth(&token).header("origin", "https://notebooks.example");
    assert_eq!(answer.send().await.expect("an answer").status(), 200);
    let planted = gateway.browser("caroline").await;
    let both = gateway.get("/user/maria/x").bearer_auth("wrong").header("cookie", planted.cookies);
    assert_eq!(refusal(both.send().await.expect("an answer")).await, (401, "bad-token".to_owned()));
}
