//! Who gets an answer at all.

use std::collections::BTreeSet;

use api::token::Audience;
use kernel_gateway::routes::{Access, table};
use reqwest::{Method, StatusCode};

use crate::harness::{Gateway, config, header, name, refusal};

/// The table's path with something in the place of its placeholders.
fn address(path: &str) -> String {
    path.replace("{name}", "maria").replace("{*rest}", "api/kernels").replace("{code}", "0000")
}

fn methods(method: Option<Method>) -> Vec<Method> {
    let all = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::HEAD,
    ];
    method.map_or_else(|| all.to_vec(), |method| vec![method])
}

#[test]
fn only_sign_in_health_keys_and_static_files_are_public() {
    let public: BTreeSet<_> = table().iter().filter(|r| r.access == Access::Public).map(|r| r.path).collect();
    let expected = BTreeSet::from([
        "/.well-known/jwks.json",
        "/livez",
        "/login",
        "/login/link/{code}",
        "/login/with/{provider}",
        "/login/with/{provider}/callback",
        "/readyz",
        "/static/icon.svg",
        "/static/nearside.css",
        "/static/notebook.js",
        "/static/progress.js",
    ]);
    assert_eq!(public, expected);
}

#[tokio::test]
async fn without_a_credential_everything_else_says_sign_in() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let before = gateway.spawner.requests.load(std::sync::atomic::Ordering::SeqCst);
    let closed = table().into_iter().filter(|route| route.access != Access::Public);
    let mut asked: Vec<_> = closed
        .flat_map(|route| methods(route.method).into_iter().map(move |method| (method, address(route.path))))
        .collect();
    // Unknown addresses and methods look like the known ones.
    asked.extend(
        [
            (Method::GET, "/nothing"),
            (Method::POST, "/nothing"),
            (Method::DELETE, "/livez"),
            (Method::PUT, "/login"),
            (Method::GET, "/user/nobody/lab"),
            (Method::GET, "/static/other"),
        ]
        .map(|(method, path)| (method, path.to_owned())),
    );
    for (method, path) in asked {
        for planted in ["", "Bearer x", "token x", "Basic bWFyaWE6eA==", "Bearer"] {
            let request = gateway.client.request(method.clone(), gateway.url(&path));
            let request = if planted.is_empty() { request } else { request.header("authorization", planted) };
            let answer = request.header("cookie", "nearside=00").send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path} {planted:?}");
        }
        if method == Method::GET {
            let answer = gateway.get(&path).header("accept", "text/html").send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::FOUND, "{path}");
            assert!(header(answer.headers(), "location").starts_with("/login"), "{path}");
        }
    }
    assert_eq!(
        gateway.spawner.requests.load(std::sync::atomic::Ordering::SeqCst),
        before,
        "nothing reached the lab"
    );
}

#[tokio::test]
async fn those_signed_in_are_told_what_does_not_exist_and_another_users_lab_is_one_of_it() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let caroline = gateway.browser("caroline").await;
    let ask = async |request| refusal(caroline.fetches(request).send().await.expect("an answer")).await;
    let absent = (404, "not-found".to_owned());
    assert_eq!(ask(gateway.get("/nothing")).await, absent);
    assert_eq!(ask(gateway.get("/user/maria/api/status")).await, absent);
    assert_eq!(ask(gateway.get("/user/nobody/api/status")).await, absent);
    assert_eq!(ask(gateway.get("/user/%63aroline/api/status")).await, absent);
    assert_eq!(ask(gateway.post("/livez")).await, (405, "wrong-method".to_owned()));
}

#[tokio::test]
async fn a_token_opens_only_its_owners_lab_and_only_when_it_is_for_the_gateway() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let ask = async |path: &str, token: &str| {
        gateway.get(path).bearer_auth(token).send().await.expect("an answer").status().as_u16()
    };
    let good = gateway.token("maria", &[Audience::Flight, Audience::Gateway]);
    assert_eq!(ask("/user/maria/api/status", &good).await, 200);
    assert_eq!(ask("/user/caroline/api/status", &good).await, 404);
    for other in [Audience::Flight, Audience::Vo] {
        assert_eq!(ask("/user/maria/api/status", &gateway.token("maria", &[other])).await, 401);
    }
    let expired = gateway.identity.sign(&name("maria"), &[Audience::Gateway], -6).expect("a token");
    assert_eq!(ask("/user/maria/api/status", &expired).await, 401);
    let in_the_address = gateway.get(&format!("/user/maria/api/status?token={good}")).send().await;
    assert_eq!(in_the_address.expect("an answer").status(), 401, "only WebSockets may");
    let as_jupyter_writes_it =
        gateway.get("/user/maria/api/status").header("authorization", format!("token {good}"));
    assert_eq!(as_jupyter_writes_it.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_labs_secret_gets_a_data_token_and_nothing_else() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let order = gateway.spawner.orders.lock().expect("unpoisoned")[0].clone();
    assert_eq!(order.token_url, gateway.url("/api/lab/token"));
    let answer =
        gateway.post("/api/lab/token").bearer_auth(&order.lab_secret).send().await.expect("an answer");
    let data: api::lab::DataToken = answer.json().await.expect("a data token");
    assert_eq!(data.expires_in_seconds, api::limits::DATA_TOKEN_SECONDS);
    let accepted = [Audience::Flight, Audience::Vo, Audience::Gateway].map(|audience| {
        let verifier =
            api::token::Verifier::new(gateway.identity.issuer(), audience, &gateway.identity.key_set());
        verifier.expect("a verifier").verify(&data.token).map(|claims| claims.sub.to_string()).ok()
    });
    assert_eq!(accepted, [Some("maria".to_owned()), Some("maria".to_owned()), None]);

    let status = async |path: &str, secret: &str| {
        gateway.post(path).bearer_auth(secret).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status("/api/token", &order.lab_secret).await, 401);
    let made = status("/api/token", &gateway.token("maria", &[Audience::Gateway])).await;
    assert_eq!(made, 403, "a token cannot prolong itself");
    assert_eq!(status("/api/lab/token", &order.agent_secret).await, 401);
    assert_eq!(status("/api/lab/token", &gateway.token("maria", &[Audience::Gateway])).await, 401);
}

#[tokio::test]
async fn other_host_names_are_refused_before_anything_else() {
    let gateway = Gateway::start().await;
    let port = gateway.addr().port();
    for host in
        ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "a b"]
    {
        let answer =
            gateway.get("/login").header("host", format!("{host}:{port}")).send().await.expect("an answer");
        assert_eq!(refusal(answer).await, (421, "foreign-host".to_owned()), "{host}");
    }
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9", "[::1]:9"] {
        let answer = gateway.get("/login").header("host", host).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{host}");
    }
}

#[tokio::test]
async fn our_own_pages_forbid_frames_sniffing_and_foreign_scripts() {
    let gateway = Gateway::start().await;
    let answer = gateway.get("/login").send().await.expect("an answer");
    let headers = ["x-frame-options", "x-content-type-options", "referrer-policy", "cache-control"]
        .map(|name| header(answer.headers(), name));
    assert_eq!(headers, ["DENY", "nosniff", "same-origin", "no-store"]);
    let policy = header(answer.headers(), "content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    let page = answer.text().await.expect("a page");
    assert!(!page.contains("://") && !page.contains("<script>") && !page.contains("style="), "{page}");
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = config(&dir);
    config.listen = ([0, 0, 0, 0], 0).into();
    let identity = kernel_gateway::identity::Identity::open(dir.path()).await.expect("an identity store");
    let error = kernel_gateway::start(config, identity).await.err().expect("refused").to_string();
    assert!(error.starts_with("0.0.0.0:0 is not a loopback address"), "{error}");
}

#[tokio::test]
async fn health_and_keys_answer_everybody() {
    let gateway = Gateway::start().await;
    for path in ["/livez", "/readyz"] {
        assert_eq!(gateway.get(path).send().await.expect("an answer").status(), 200, "{path}");
    }
    let keys: api::token::KeySet = gateway
        .get("/.well-known/jwks.json")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a key set");
    assert_eq!(keys, gateway.identity.key_set());
}
