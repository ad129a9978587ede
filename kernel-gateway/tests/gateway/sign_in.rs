//! Signing in and out.

use std::time::{Duration, Instant};

use kernel_gateway::identity::Identity;
use reqwest::{Response, StatusCode};

use crate::browser::{Browser, set_cookies};
use crate::harness::{DEADLINE, Gateway, header, name, refusal};

pub async fn post(gateway: &Gateway, user: &str, password: &str, next: &str) -> Response {
    let form = [("name", user), ("password", password), ("next", next)];
    let body = form.map(|(field, value)| format!("{field}={}", encoded(value))).join("&");
    let request =
        gateway.post("/login").header("content-type", "application/x-www-form-urlencoded").body(body);
    request.send().await.expect("an answer")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn the_right_password_signs_in_with_a_strict_cookie_and_goes_where_it_was_asked_to() {
    let gateway = Gateway::start().await;
    let answer = post(&gateway, "maria", "the comet of 1847", "/lab/tree/a.ipynb").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(answer.headers(), "location"), "/lab/tree/a.ipynb");
    let maria = Browser::of(&answer, &gateway.handle.url());
    let attributes: Vec<_> =
        maria.set_cookies.iter().map(|line| line.split_once(';').expect("attributes").1).collect();
    let expected =
        [" Path=/; Max-Age=1209600; SameSite=Strict; HttpOnly", " Path=/; Max-Age=1209600; SameSite=Strict"];
    assert_eq!(attributes, expected);
    assert!(maria.cookies.starts_with("nearside="));
    let home = maria.navigates(gateway.get("/")).send().await.expect("an answer");
    assert_eq!((home.status(), header(home.headers(), "location")), (StatusCode::FOUND, "/lab".to_owned()));
    let again = maria.navigates(gateway.get("/login?next=/token")).send().await.expect("an answer");
    assert_eq!(header(again.headers(), "location"), "/token", "no second sign-in");
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_get_the_same_answer() {
    let gateway = Gateway::start().await;
    let long = "m".repeat(5_000);
    let mut answers = Vec::new();
    let guesses = [
        ("maria", "wrong password"),
        ("nobody", "wrong password"),
        ("caroline", "wrong password"),
        ("Not A Name", "wrong password"),
        (&long, "wrong password"),
        ("", ""),
        ("maria", &long),
        ("maria", "the comet of 1847 "),
    ];
    for (user, password) in guesses {
        let answer = post(&gateway, user, password, "").await;
        assert_eq!(set_cookies(&answer), [] as [&str; 0]);
        answers.push(refusal(answer).await);
    }
    assert_eq!(answers, vec![(401, "wrong-credentials".to_owned()); guesses.len()]);
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let gateway = Gateway::start_with(|config| {
        config.sign_in.failures_per_name = 100_000;
        config.sign_in.failures_in_total = 100_000;
    })
    .await;
    // The shortest of several, taking turns: other work on the machine only makes them longer. On a busy one it takes
    // many until each was left alone once.
    let [mut known, mut unknown, mut without_password] = [Duration::MAX; 3];
    let alike = |a: Duration, b: Duration| (0.5..2.0).contains(&(a.as_secs_f64() / b.as_secs_f64()));
    let began = Instant::now();
    for turn in 1.. {
        for (user, shortest) in
            [("maria", &mut known), ("nobody", &mut unknown), ("caroline", &mut without_password)]
        {
            let asked = Instant::now();
            post(&gateway, user, "wrong password", "").await;
            *shortest = asked.elapsed().min(*shortest);
        }
        if turn >= 9 && alike(unknown, known) && alike(without_password, known) {
            break;
        }
        assert!(began.elapsed() < DEADLINE, "{known:?}, {unknown:?} and {without_password:?}");
    }
    assert!(known > Duration::from_millis(5), "a password hash that costs nothing protects nobody");
}

#[tokio::test]
async fn guessing_is_throttled_for_known_and_unknown_names_alike_but_links_still_work() {
    let gateway = Gateway::start_with(|config| config.sign_in.failures_per_name = 2).await;
    for user in ["maria", "nobody"] {
        for _ in 0..2 {
            assert_eq!(post(&gateway, user, "wrong password", "").await.status(), 401);
        }
        let answer = post(&gateway, user, "the comet of 1847", "").await;
        let seconds: u64 = header(answer.headers(), "retry-after").parse().expect("seconds");
        assert!((1..=301).contains(&seconds));
        assert_eq!(refusal(answer).await, (429, "too-many-failures".to_owned()));
    }
    gateway.browser("maria").await;
}

#[tokio::test]
async fn a_person_sees_the_reason_on_the_form_and_the_form_keeps_the_way_back() {
    let gateway = Gateway::start().await;
    let request = gateway.post("/login").header("accept", "text/html");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let form = "name=maria&password=wrong+password&next=%2Ftoken%3Fa%3D%22";
    let answer = request.body(form).send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    let page = answer.text().await.expect("a page");
    assert!(page.contains(r#"role="alert">the name or the password is wrong<"#), "{page}");
    assert!(page.contains(r#"name="next" value="/token?a=&quot;""#), "{page}");
}

#[tokio::test]
async fn a_large_form_is_refused() {
    let gateway = Gateway::start().await;
    let answer = post(&gateway, &"m".repeat(1024 * 1024), "x", "").await;
    assert_eq!(refusal(answer).await, (413, "too-large".to_owned()));
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_in() {
    let gateway = Gateway::start().await;
    let form = "name=maria&password=the+comet+of+1847";
    let send = async |headers: &[(&str, &str)]| {
        let request =
            gateway.post("/login").header("content-type", "application/x-www-form-urlencoded").body(form);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("an answer").status().as_u16()
    };
    let own = gateway.handle.url();
    assert_eq!(send(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]).await, 403);
    assert_eq!(send(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")]).await, 403);
    assert_eq!(send(&[("origin", "https://evil.example")]).await, 403);
    assert_eq!(send(&[("origin", "null")]).await, 403);
    assert_eq!(
        send(&[("sec-fetch-site", "same-origin"), ("origin", "null")]).await,
        303,
        "our form, no referrer"
    );
    assert_eq!(send(&[("sec-fetch-site", "same-origin"), ("origin", &own)]).await, 303);
    assert_eq!(send(&[("origin", &own)]).await, 303, "our form, over plain HTTP");
    assert_eq!(send(&[]).await, 303, "a program");
}

#[tokio::test]
async fn a_link_works_once_and_previews_do_not_use_it_up() {
    let gateway = Gateway::start().await;
    let code = gateway.identity.issue_link(&name("maria")).await.expect("a code");
    let path = format!("/login/link/{code}");
    let preview = gateway.client.head(gateway.url(&path)).send().await.expect("an answer");
    assert_eq!((preview.status(), set_cookies(&preview).len()), (StatusCode::NO_CONTENT, 0));
    let prefetch = gateway.get(&path).header("sec-purpose", "prefetch").send().await.expect("an answer");
    assert_eq!((prefetch.status(), set_cookies(&prefetch).len()), (StatusCode::NO_CONTENT, 0));
    let hostile = gateway.get(&format!("{path}?next=//evil.example")).send().await.expect("an answer");
    assert_eq!(refusal(hostile).await, (400, "unsafe-next".to_owned()));

    let (first, second) = tokio::join!(gateway.get(&path).send(), gateway.get(&path).send());
    let mut statuses = [first, second].map(|answer| answer.expect("an answer").status().as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    let third = gateway.get(&path).send().await.expect("an answer");
    assert_eq!(refusal(third).await, (410, "dead-link".to_owned()));
}

#[tokio::test]
async fn a_link_goes_to_the_lab_or_to_a_path_of_ours() {
    let gateway = Gateway::start().await;
    for (query, destination) in [("", "/lab"), ("?next=/token", "/token")] {
        let code = gateway.identity.issue_link(&name("maria")).await.expect("a code");
        let answer = gateway.get(&format!("/login/link/{code}{query}")).send().await.expect("an answer");
        assert_eq!(header(answer.headers(), "location"), destination);
    }
}

#[tokio::test]
async fn signing_out_ends_the_login_in_every_tab() {
    let gateway = Gateway::start().await;
    let (here, elsewhere) = (gateway.browser("maria").await, gateway.browser("maria").await);
    let answer = here.fetches(gateway.post("/logout")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(set_cookies(&answer).iter().all(|cookie| cookie.contains("Max-Age=0")));
    let status = async |browser: &Browser| {
        browser.fetches(gateway.get("/token")).send().await.expect("an answer").status()
    };
    assert_eq!(status(&here).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&elsewhere).await, StatusCode::OK, "another browser stays signed in");
}

#[tokio::test]
async fn a_new_password_ends_every_login_also_when_another_process_sets_it() {
    let gateway = Gateway::start().await;
    let maria = gateway.browser("maria").await;
    let link = gateway.identity.issue_link(&name("maria")).await.expect("a code");
    let other_process = Identity::open(gateway.dir.path()).await.expect("the same store");
    other_process
        .accounts()
        .set_password(&name("maria"), "discovered on a roof".into())
        .await
        .expect("changed");
    let answer = maria.fetches(gateway.get("/token")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let answer = gateway.get(&format!("/login/link/{link}")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::GONE);
    assert_eq!(post(&gateway, "maria", "discovered on a roof", "").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_again_ends_the_login_that_the_browser_had() {
    let gateway = Gateway::start().await;
    let before = gateway.browser("caroline").await;
    let code = gateway.identity.issue_link(&name("maria")).await.expect("a code");
    before.navigates(gateway.get(&format!("/login/link/{code}"))).send().await.expect("an answer");
    let answer = before.fetches(gateway.get("/token")).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_planted_second_cookie_signs_nobody_in() {
    let gateway = Gateway::start().await;
    let (maria, caroline) = (gateway.browser("maria").await, gateway.browser("caroline").await);
    let both = format!("{}; {}", maria.cookies, caroline.cookies);
    let answer = gateway.get("/token").header("cookie", both).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_unsafe_next_is_refused_everywhere() {
    let gateway = Gateway::start().await;
    for next in
        ["//evil.example", "/%5Cevil.example", "https:evil.example", "/%09/evil.example", "/..//evil.example"]
    {
        let page = gateway.get(&format!("/login?next={next}")).send().await.expect("an answer");
        assert_eq!(refusal(page).await, (400, "unsafe-next".to_owned()), "{next}");
    }
    let form = post(&gateway, "maria", "the comet of 1847", "//evil.example").await;
    assert_eq!(refusal(form).await, (400, "unsafe-next".to_owned()));
    let odd =
        gateway.get("//evil.example/%2e%2e").header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(header(odd.headers(), "location"), "/login");
}

#[tokio::test]
async fn the_store_is_private_and_keeps_name_and_key_over_a_restart() {
    use std::os::unix::fs::PermissionsExt;
    let gateway = Gateway::start().await;
    for entry in std::fs::read_dir(gateway.dir.path()).expect("listed").flatten() {
        if entry.file_name().to_string_lossy().starts_with("gateway.db") {
            assert_eq!(entry.metadata().expect("metadata").permissions().mode() & 0o777, 0o600, "{entry:?}");
        }
    }
    let again = Identity::open(gateway.dir.path()).await.expect("the same store");
    assert_eq!((again.issuer(), again.key_set()), (gateway.identity.issuer(), gateway.identity.key_set()));
    assert!(again.issuer().starts_with("urn:nearside:"));
    assert_eq!(again.accounts().list().await.expect("listed"), [name("caroline"), name("maria")]);
    let twice = again.accounts().add(&name("maria"), None).await.expect_err("taken");
    assert_eq!(twice.to_string(), "there is already an account maria: choose another name");
    let nobody = again.issue_link(&name("nobody")).await.expect_err("unknown");
    assert_eq!(nobody.to_string(), "there is no account nobody: add it first");
}
