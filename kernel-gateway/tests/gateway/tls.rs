//! The same with TLS.

use kernel_gateway::Tls;
use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client, StatusCode};

use crate::browser::Browser;
use crate::harness::{Gateway, name};

#[tokio::test]
async fn with_tls_the_cookie_is_bound_to_this_host_and_the_form_works() {
    let files = tempfile::tempdir().expect("a directory");
    let made = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let tls = Tls { certificate: files.path().join("cert.pem"), key: files.path().join("key.pem") };
    std::fs::write(&tls.certificate, made.cert.pem()).expect("written");
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).expect("written");
    let gateway = Gateway::start_with(|config| config.tls = Some(tls)).await;
    assert!(gateway.handle.url().starts_with("https://127.0.0.1:"));

    let root = Certificate::from_pem(made.cert.pem().as_bytes()).expect("a certificate");
    let client = Client::builder().tls_certs_only([root]).redirect(reqwest::redirect::Policy::none());
    let client = client.build().expect("a client");
    let origin = format!("https://localhost:{}", gateway.addr().port());
    let code = gateway.identity.issue_link(&name("maria")).await.expect("a code");
    let answer = client.get(format!("{origin}/login/link/{code}")).send().await.expect("an answer");
    let maria = Browser::of(&answer, &origin);
    let cookie = &maria.set_cookies[0];
    assert!(cookie.starts_with("__Host-nearside="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=1209600; SameSite=Lax; Secure; HttpOnly"), "{cookie}");
    let answer = maria.fetches(client.post(format!("{origin}/api/token"))).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let tossed = maria.cookies.replace("__Host-nearside", "nearside");
    let answer =
        client.get(format!("{origin}/token")).header("cookie", tossed).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a cookie without the prefix counts nothing");
}

#[tokio::test]
async fn an_unusable_certificate_is_refused_at_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = crate::harness::config(&dir);
    config.tls =
        Some(Tls { certificate: "/nonexistent/cert.pem".into(), key: "/nonexistent/key.pem".into() });
    let identity = kernel_gateway::identity::Identity::open(dir.path()).await.expect("an identity store");
    let error = kernel_gateway::start(config, identity).await.err().expect("refused").to_string();
    assert_eq!(
        error,
        "failed to use the certificate /nonexistent/cert.pem with the key /nonexistent/key.pem"
    );
}
