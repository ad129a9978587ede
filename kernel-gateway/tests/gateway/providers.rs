//! Signing in at another identity provider, above all one that lies.

use std::collections::HashMap;

use kernel_gateway::config::{OidcConfig, ProviderConfig, ProviderProtocol};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, set_cookies};
use crate::harness::{Gateway, header, refusal};
use crate::lying_provider::{LyingProvider, Signing};

fn named(name: &str, issuer: &str, secret: Option<std::path::PathBuf>) -> ProviderConfig {
    let oidc = OidcConfig {
        issuer: issuer.to_owned(),
        client_id: "nearside".to_owned(),
        client_secret_file: secret,
        scopes: vec!["openid".to_owned()],
        name_claim: "preferred_username".to_owned(),
    };
    let protocol = ProviderProtocol::Oidc(oidc);
    ProviderConfig { name: name.to_owned(), title: "The Observatory".to_owned(), ca_file: None, protocol }
}

async fn gateway_of(provider: &LyingProvider) -> Gateway {
    let issuer = provider.issuer.clone();
    Gateway::start_with(|config| {
        config.providers = vec![named("observatory", &issuer, None), named("other", &issuer, None)];
    })
    .await
}

/// A browser on its way: its cookie and what the provider is asked.
struct Way {
    cookie: String,
    asked: HashMap<String, String>,
}

impl Way {
    async fn begin(gateway: &Gateway) -> Self {
        let answer = gateway.get("/login/with/observatory?next=/token").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let address = Url::parse(&header(answer.headers(), "location")).expect("an address");
        let [line] = set_cookies(&answer).try_into().expect("one cookie");
        let cookie = line.split(';').next().expect("a pair").to_owned();
        assert_eq!(line[cookie.len()..], *"; Path=/; Max-Age=600; SameSite=Lax; HttpOnly");
        Self { cookie, asked: address.query_pairs().into_owned().collect() }
    }

    async fn back(&self, gateway: &Gateway, name: &str, query: &[(&str, &str)]) -> Response {
        let mut address =
            Url::parse(&gateway.url(&format!("/login/with/{name}/callback"))).expect("an address");
        address.query_pairs_mut().extend_pairs(query);
        gateway.client.get(address).header("cookie", &self.cookie).send().await.expect("an answer")
    }

    fn state(&self) -> &str {
        &self.asked["state"]
    }
}

/// What a provider makes of the truth.
type Lie<'a> = &'a dyn Fn(&mut Value);

/// One attempt in which the provider says what `lie` makes of the truth.
async fn attempt(gateway: &Gateway, provider: &LyingProvider, lie: impl FnOnce(&mut Value)) -> Response {
    let way = Way::begin(gateway).await;
    let mut claims = provider.honest_claims(&way.asked["nonce"]);
    lie(&mut claims);
    provider.script.lock().expect("unpoisoned").claims = claims;
    way.back(gateway, "observatory", &[("code", "c"), ("state", way.state())]).await
}

#[tokio::test]
async fn a_person_is_issuer_and_subject_and_takes_no_account_by_its_name() {
    let provider = LyingProvider::start().await;
    let gateway = gateway_of(&provider).await;
    for _ in 0..2 {
        let answer = attempt(&gateway, &provider, |_| ()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let person = Browser::of(&answer, &gateway.handle.url());
        let page = answer.text().await.expect("a page");
        assert!(page.contains(r#"<meta http-equiv="refresh" content="0;url=/token">"#), "{page}");
        let page = person.navigates(gateway.get("/token")).send().await.expect("an answer");
        let page = page.text().await.expect("a page");
        assert!(page.contains("maria-2"), "maria has an account of her own here: {page}");
    }
    let answer = attempt(&gateway, &provider, |claims| claims["sub"] = json!("1847")).await;
    let other = Browser::of(&answer, &gateway.handle.url());
    let page = other.navigates(gateway.get("/token")).send().await.expect("an answer");
    assert!(page.text().await.expect("a page").contains("maria-3"), "another subject is another person");
}

#[tokio::test]
async fn the_request_and_the_code_carry_what_the_standards_want() {
    let provider = LyingProvider::start().await;
    let files = tempfile::tempdir().expect("a directory");
    let secret = files.path().join("secret");
    std::fs::write(&secret, "s&cret +\n").expect("written");
    let issuer = provider.issuer.clone();
    let gateway = Gateway::start_with(|config| {
        config.providers = vec![named("observatory", &issuer, Some(secret))];
    })
    .await;
    let way = Way::begin(&gateway).await;
    let back = gateway.url("/login/with/observatory/callback");
    let expected = [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "nearside"),
        ("redirect_uri", back.as_str()),
        ("scope", "openid"),
        ("state", way.state()),
        ("nonce", &way.asked["nonce"]),
        ("code_challenge", &way.asked["code_challenge"]),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!(way.asked, HashMap::from(expected.map(|(key, value)| (key.to_owned(), value.to_owned()))));
    provider.script.lock().expect("unpoisoned").claims = provider.honest_claims(&way.asked["nonce"]);
    let answer = way.back(&gateway, "observatory", &[("code", "c d"), ("state", way.state())]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let redeemed = provider.script.lock().expect("unpoisoned").redeemed.clone();
    let [(form, authorization)] = redeemed.try_into().expect("one code");
    let form: HashMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let verifier = &form["code_verifier"];
    assert_eq!((verifier.len(), &*form["code"], &form["redirect_uri"]), (64, "c d", &back));
    assert_eq!(authorization, "Basic bmVhcnNpZGU6cyUyNmNyZXQrJTJC", "nearside:s%26cret+%2B");
}

#[tokio::test]
async fn every_lie_is_found_and_signs_nobody_in() {
    let provider = LyingProvider::start().await;
    let gateway = gateway_of(&provider).await;
    let past = jiff::Timestamp::now().as_second() - 3600;
    let lies: [(&str, Lie); 12] = [
        ("another issuer", &|claims| claims["iss"] = json!("https://evil.example")),
        ("no issuer", &|claims| drop(claims.as_object_mut().expect("claims").remove("iss"))),
        ("another audience", &|claims| claims["aud"] = json!("somebody-else")),
        ("others too, without a party", &|claims| claims["aud"] = json!(["nearside", "somebody-else"])),
        ("another party", &|claims| claims["azp"] = json!("somebody-else")),
        ("another nonce", &|claims| claims["nonce"] = json!("0".repeat(64))),
        ("no nonce", &|claims| claims["nonce"] = Value::Null),
        ("long ago", &|claims| claims["exp"] = json!(past)),
        ("for ever", &|claims| drop(claims.as_object_mut().expect("claims").remove("exp"))),
        ("not yet", &|claims| claims["nbf"] = json!(past + 7200)),
        ("nobody", &|claims| claims["sub"] = json!("")),
        ("a subject without end", &|claims| claims["sub"] = json!("m".repeat(256))),
    ];
    for (what, lie) in lies {
        let answer = attempt(&gateway, &provider, lie).await;
        assert_eq!(set_cookies(&answer), [] as [&str; 0], "{what}");
        assert_eq!(refusal(answer).await, (400, "provider-untrusted".to_owned()), "{what}");
    }
    for signing in [Signing::OtherKey, Signing::OtherName, Signing::None, Signing::PublicKeyAsSecret] {
        provider.script.lock().expect("unpoisoned").signing = signing;
        let answer = attempt(&gateway, &provider, |_| ()).await;
        assert_eq!(refusal(answer).await, (400, "provider-untrusted".to_owned()));
    }
}

#[tokio::test]
async fn an_answer_belongs_to_one_attempt_of_one_browser_at_one_provider() {
    let provider = LyingProvider::start().await;
    let gateway = gateway_of(&provider).await;
    let (mine, foreign) = (Way::begin(&gateway).await, Way::begin(&gateway).await);
    provider.script.lock().expect("unpoisoned").claims = provider.honest_claims(&mine.asked["nonce"]);
    let none = Way { cookie: "a=b".to_owned(), asked: mine.asked.clone() };
    let stray = [
        mine.back(&gateway, "observatory", &[("code", "c"), ("state", foreign.state())]).await,
        mine.back(&gateway, "observatory", &[("code", "c")]).await,
        mine.back(&gateway, "other", &[("code", "c"), ("state", mine.state())]).await,
        none.back(&gateway, "observatory", &[("code", "c"), ("state", mine.state())]).await,
    ];
    for answer in stray {
        assert_eq!(refusal(answer).await, (400, "stray-answer".to_owned()));
    }
    assert_eq!(provider.script.lock().expect("unpoisoned").redeemed, []);
    let mixed_up = [("code", "c"), ("state", mine.state()), ("iss", "https://evil.example")];
    let answer = mine.back(&gateway, "observatory", &mixed_up).await;
    assert_eq!(refusal(answer).await, (400, "provider-untrusted".to_owned()));
}

#[tokio::test]
async fn what_the_provider_refuses_is_said_and_what_it_does_not_answer_too() {
    let provider = LyingProvider::start().await;
    let gateway = gateway_of(&provider).await;
    let way = Way::begin(&gateway).await;
    let no = [("state", way.state()), ("error", "access_denied"), ("error_description", "not <you>")];
    let answer = way.back(&gateway, "observatory", &no).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let body: Value = answer.json().await.expect("a refusal");
    assert_eq!(body["message"], "The Observatory did not sign you in: not <you>");
    provider.script.lock().expect("unpoisoned").metadata["issuer"] = json!("https://evil.example");
    let answer = gateway.get("/login/with/observatory").send().await.expect("an answer");
    assert_eq!(refusal(answer).await, (400, "provider-untrusted".to_owned()));
    drop(provider);
    let answer = gateway.get("/login/with/observatory").send().await.expect("an answer");
    assert_eq!(refusal(answer).await, (502, "provider-away".to_owned()));
    let answer = gateway.get("/login/with/nobody").send().await.expect("an answer");
    assert_eq!(refusal(answer).await, (404, "not-found".to_owned()));
}

#[tokio::test]
async fn a_provider_without_encryption_or_a_plain_name_is_refused_at_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let wrong = [
        (
            "observatory",
            "http://provider.example",
            "its issuer is not an https:// address without '?' and '#'",
        ),
        (
            "The Observatory",
            "https://provider.example",
            "a name has 1 to 32 lower-case letters, digits and '-'",
        ),
    ];
    for (name, issuer, problem) in wrong {
        let mut config = crate::harness::config(&dir);
        config.providers = vec![named(name, issuer, None)];
        let identity = kernel_gateway::identity::Identity::open(dir.path()).await.expect("an identity store");
        let error = kernel_gateway::start(config, identity).await.err().expect("refused").to_string();
        assert_eq!(error, format!("the identity provider {name:?} cannot be used: {problem}"));
    }
}
