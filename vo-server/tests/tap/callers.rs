//! Who may ask, and what they are told.

use api::token::Audience;

use crate::world::{World, send, told};

const COUNT: [(&str, &str); 2] = [("QUERY", "SELECT COUNT(*) AS n FROM gaia_source"), ("FORMAT", "csv")];

#[tokio::test]
async fn public_tables_need_no_credential_and_a_good_token_is_accepted() {
    let world = World::new().await;
    let answer = told(world.post("sync", &COUNT)).await;
    assert_eq!(answer.0, 200, "{}", answer.1);
    assert!(answer.1.starts_with("n\n"), "{}", answer.1);
    let token = world.token("maria", Audience::Vo);
    assert_eq!(told(world.post("sync", &COUNT).bearer_auth(&token)).await, answer);
    assert_eq!(told(world.post("sync", &COUNT).basic_auth("maria", Some(&token))).await, answer);
}

#[tokio::test]
async fn a_bad_credential_is_refused_and_not_taken_for_none() {
    let world = World::new().await;
    for token in ["no.such.token".to_owned(), world.token("maria", Audience::Flight)] {
        let (status, text) = told(world.post("sync", &COUNT).bearer_auth(&token)).await;
        assert_eq!(status, 401);
        assert!(text.contains("<INFO name=\"QUERY_STATUS\" value=\"ERROR\">this"), "{text}");
    }
    let of_maria = world.token("maria", Audience::Vo);
    let (status, _) = told(world.post("sync", &COUNT).basic_auth("john", Some(of_maria))).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_stale_cookie_counts_as_none() {
    let world = World::new().await;
    let request = world.post("sync", &COUNT).header("cookie", "SESSION=0123456789abcdef");
    assert_eq!(told(request).await, told(world.post("sync", &COUNT)).await);
}

#[tokio::test]
async fn a_page_of_the_same_site_cannot_use_the_cookie_of_ours() {
    let world = World::new().await;
    let token = world.token("maria", Audience::Vo);
    let login = send(world.post("../login", &[("username", "maria"), ("password", &token)])).await;
    let cookie = login.headers()["set-cookie"].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("its value").to_owned();
    let asked = |sender: &'static str| {
        world.get("users?USER=maria").header("cookie", &cookie).header("sec-fetch-site", sender)
    };
    assert_eq!(send(asked("same-origin")).await.status(), 200);
    assert_eq!(send(asked("same-site")).await.status(), 401);
}

#[tokio::test]
async fn every_mistake_is_an_http_error_with_a_reason() {
    let world = World::new().await;
    for (form, reason) in [
        (vec![("LANG", "ADQL")], "the parameter QUERY is missing"),
        (vec![("LANG", "PQL"), ("QUERY", "SELECT 1")], "LANG = &apos;PQL&apos; is not possible"),
        (
            vec![("REQUEST", "getWine"), ("QUERY", "SELECT 1")],
            "REQUEST = &apos;getWine&apos; is not possible",
        ),
        (vec![("MAXREC", "-1"), ("QUERY", "SELECT 1")], "MAXREC = &apos;-1&apos; is not possible"),
        (vec![("FORMAT", "gbin"), ("QUERY", "SELECT 1")], "FORMAT = &apos;gbin&apos; is not possible"),
        (vec![("QUERY", "SELECT ra FROM gaia_sourc")], "did you mean"),
        (vec![("QUERY", "DROP TABLE gaia_source")], "line 1, column 1"),
    ] {
        let (status, text) = told(world.post("sync", &form)).await;
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(reason), "{text}");
    }
    assert_eq!(told(world.get("nowhere")).await.0, 404);
    assert_eq!(told(world.post("capabilities", &[])).await.0, 405);
}
