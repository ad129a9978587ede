//! What passes between a browser and a lab.

use std::sync::atomic::Ordering;
use std::time::Duration;

use api::token::Audience;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::browser::set_cookies;
use crate::harness::{DEADLINE, Gateway, eventually, header, name, refusal};

#[tokio::test]
async fn a_lab_sees_the_request_without_credentials_or_claims_of_identity() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let request = gateway
        .client
        .put(gateway.url("/user/maria/api/contents/a%20b%2Fc.ipynb?type=notebook&q=%26"))
        .header("cookie", format!("{}; theme=dark", maria.cookies))
        .header("origin", gateway.handle.url())
        .header("x-xsrftoken", &maria.xsrf)
        .header("x-forwarded-for", "1.2.3.4")
        .header("x-forwarded-user", "root")
        .header("forwarded", "for=1.2.3.4")
        .header("remote-user", "root")
        .header("connection", "x-drop")
        .header("x-drop", "1")
        .header("te", "trailers")
        .body("the body");
    let answer = request.send().await.expect("an answer");
    let mut seen: Value = answer.json().await.expect("what the lab saw");
    seen["headers"].as_array_mut().expect("a list").sort_by_key(|line| line.to_string());
    let expected = json!({
        "method": "PUT",
        "address": "/user/maria/api/contents/a%20b%2Fc.ipynb?type=notebook&q=%26",
        "headers": [
            "accept: */*",
            "content-length: 8",
            format!("cookie: _xsrf={}; theme=dark", maria.xsrf),
            format!("host: {}", gateway.addr()),
            format!("origin: {}", gateway.handle.url()),
            format!("x-xsrftoken: {}", maria.xsrf),
        ],
        "body": "the body",
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_labs_answer_keeps_its_own_headers_and_cannot_touch_our_cookies() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let answer = maria.fetches(gateway.get("/user/maria/cookies")).send().await.expect("an answer");
    assert_eq!(set_cookies(&answer), [] as [&str; 0]);
    assert_eq!(header(answer.headers(), "x-frame-options"), "SAMEORIGIN");
    assert_eq!(header(answer.headers(), "content-security-policy"), "", "not our policy");
}

#[tokio::test]
async fn bodies_stream_both_ways_piece_by_piece() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let mut stream = TcpStream::connect(gateway.addr()).await.expect("connected");
    let head = format!(
        "POST /user/maria/sink HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ntransfer-encoding: chunked\r\n\r\n",
        gateway.addr()
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut seen = String::new();
    for piece in ["Merope", "Electra", "Taygeta"] {
        stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.expect("written");
        // The next piece is only sent after this one has come back through the lab.
        while !seen.contains(piece) {
            seen += &read_some(&mut stream).await.expect("more");
        }
    }
    assert!(seen.starts_with("HTTP/1.1 200 OK\r\n"), "{seen}");
}

async fn read_some(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = [0; 4096];
    let read =
        tokio::time::timeout(DEADLINE, stream.read(&mut bytes)).await.expect("in time").unwrap_or_default();
    (read > 0).then(|| String::from_utf8_lossy(&bytes[..read]).into_owned())
}

/// Everything that comes back on one connection until the gateway closes it.
async fn raw(gateway: &Gateway, request: &str) -> String {
    let mut stream = TcpStream::connect(gateway.addr()).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    while let Some(more) = read_some(&mut stream).await {
        answer += &more;
    }
    answer
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let gateway = Gateway::start_with(|config| config.traffic.lab_body_bytes = 1000).await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let send = async |body: reqwest::Body| {
        gateway.post("/user/maria/x").bearer_auth(&token).body(body).send().await.expect("an answer")
    };
    assert_eq!(send("m".repeat(1000).into()).await.status(), StatusCode::OK);
    assert_eq!(refusal(send("m".repeat(1001).into()).await).await, (413, "too-large".to_owned()));
    let head = format!(
        "POST /user/maria/x HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        gateway.addr()
    );
    let answer = raw(&gateway, &format!("{head}3e9\r\n{}\r\n0\r\n\r\n", "m".repeat(1001))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn bodies_with_two_ends_reach_the_lab_at_most_once_and_end_their_connection() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let smuggled = format!(
        "GET /user/maria/smuggled HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let lengths = [
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n",
        "content-length: 4, 5\r\n",
        "content-length: +4\r\n",
        "content-length: 0x4\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding:\u{b}chunked\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding: identity\r\ncontent-length: 4\r\n",
    ];
    for length in lengths {
        let before = gateway.spawner.requests.load(Ordering::SeqCst);
        let head = format!(
            "POST /user/maria/x HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n{length}\r\n",
            gateway.addr()
        );
        let answer = raw(&gateway, &format!("{head}0\r\n\r\n{smuggled}")).await;
        assert!(!answer.contains("smuggled"), "{length:?} {answer}");
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{length:?} {answer}");
        assert!(gateway.spawner.requests.load(Ordering::SeqCst) <= before + 1, "{length:?}");
    }
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let gateway = Gateway::start().await;
    let long = format!("GET /login HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "m".repeat(256 * 1024));
    let many = format!("GET /login HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(200));
    for head in [long, many] {
        // The system may drop the answer when the rest of the head is never read.
        let answer = raw(&gateway, &head).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn a_silent_client_is_dropped() {
    let gateway =
        Gateway::start_with(|config| config.connections.head_within = Duration::from_millis(50)).await;
    let answer = raw(&gateway, "GET /login HTTP/1.1\r\nhost: localhost\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn without_a_lab_people_go_to_its_start_and_open_tabs_do_not_start_it() {
    let gateway = Gateway::start().await;
    let maria = gateway.browser("maria").await;
    for (path, start) in [
        ("/user/maria/", "/lab"),
        ("/user/maria/lab", "/lab"),
        ("/user/maria/lab/tree/a%20b.ipynb", "/lab/tree/a%20b.ipynb"),
        ("/user/maria/files/x.html", "/lab"),
    ] {
        let answer = maria.navigates(gateway.get(path)).send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), header(answer.headers(), "location").as_str()), (303, start));
    }
    let answer = maria.fetches(gateway.get("/user/maria/api/kernels")).send().await.expect("an answer");
    assert_eq!(header(answer.headers(), "retry-after"), "5");
    assert_eq!(refusal(answer).await, (503, "lab-stopped".to_owned()));
    assert!(gateway.spawner.orders.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn a_script_with_a_token_may_simply_retry() {
    let gateway = Gateway::start().await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let ask = async || gateway.get("/user/maria/x").bearer_auth(&token).send().await.expect("an answer");
    let first = ask().await;
    assert_eq!(header(first.headers(), "retry-after"), "2");
    assert_eq!(refusal(first).await, (503, "lab-starting".to_owned()));
    eventually("a retry succeeds", async || ask().await.status() == StatusCode::OK).await;
    assert_eq!(gateway.spawner.orders.lock().expect("unpoisoned").len(), 1, "one start for all of them");
}

#[tokio::test]
async fn the_progress_page_follows_the_start_and_goes_to_the_lab() {
    let gateway = Gateway::start().await;
    let maria = gateway.browser("maria").await;
    let page = maria.navigates(gateway.get("/lab/tree/a.ipynb")).send().await.expect("an answer");
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("a page");
    assert!(page.contains(r#"data-destination="/user/maria/lab/tree/a.ipynb""#), "{page}");
    let events = maria.fetches(gateway.get("/lab/progress")).send().await.expect("an answer");
    assert_eq!(header(events.headers(), "content-type"), "text/event-stream");
    let events = events.text().await.expect("events, which end with the start");
    assert!(events.ends_with("event: ready\ndata: {}\n\n"), "{events}");
    let again = maria.navigates(gateway.get("/lab/tree/a.ipynb")).send().await.expect("an answer");
    assert_eq!(header(again.headers(), "location"), "/user/maria/lab/tree/a.ipynb");
}

#[tokio::test]
async fn a_failed_start_says_why_and_may_be_tried_again() {
    let gateway = Gateway::start().await;
    let maria = gateway.browser("maria").await;
    *gateway.spawner.fails_with.lock().expect("unpoisoned") =
        Some(("the lab ended by itself".to_owned(), "ModuleNotFoundError: jupyterlab".to_owned()));
    let visit =
        async || maria.navigates(gateway.get("/lab")).send().await.expect("an answer").status().as_u16();
    assert_eq!(visit().await, 200);
    eventually("the failure is told", async || {
        let events = maria.fetches(gateway.get("/lab/progress")).send().await.expect("an answer");
        let told = r#"{"log":"ModuleNotFoundError: jupyterlab","reason":"the lab ended by itself"}"#;
        events.text().await.expect("events").ends_with(&format!("event: failed\ndata: {told}\n\n"))
    })
    .await;
    *gateway.spawner.fails_with.lock().expect("unpoisoned") = None;
    assert_eq!(visit().await, 200);
    eventually("the second try succeeds", async || visit().await == 303).await;
}

#[tokio::test]
async fn an_idle_lab_is_stopped_and_a_busy_one_is_not() {
    let gateway = Gateway::start_with(|config| {
        config.lab_idle_seconds = 60;
        config.lab.cull_every = Duration::from_millis(20);
    })
    .await;
    *gateway.spawner.idle_seconds.lock().expect("unpoisoned") = 60;
    gateway.ready_lab("maria").await;
    let before = gateway.spawner.requests.load(Ordering::SeqCst);
    eventually("the culler has asked twice", async || {
        gateway.spawner.requests.load(Ordering::SeqCst) > before + 2
    })
    .await;
    let maria = gateway.browser("maria").await;
    let status =
        async || maria.fetches(gateway.get("/user/maria/x")).send().await.expect("an answer").status();
    assert_eq!(status().await, StatusCode::OK);
    *gateway.spawner.idle_seconds.lock().expect("unpoisoned") = 61;
    eventually("the lab is gone", async || status().await == StatusCode::SERVICE_UNAVAILABLE).await;
}

#[tokio::test]
async fn more_labs_than_allowed_are_refused() {
    let gateway = Gateway::start_with(|config| config.lab.labs = 1).await;
    gateway.ready_lab("maria").await;
    let caroline = gateway.browser("caroline").await;
    let answer = caroline.fetches(gateway.get("/lab")).send().await.expect("an answer");
    assert_eq!(refusal(answer).await, (429, "labs-full".to_owned()));
}

#[tokio::test]
async fn shutting_down_ends_labs_streams_and_idle_connections() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    *gateway.spawner.fails_with.lock().expect("unpoisoned") = None;
    let waiting = TcpStream::connect(gateway.addr()).await.expect("connected");
    maria.fetches(gateway.get("/token")).send().await.expect("an answer");
    let addr = gateway.addr();
    tokio::time::timeout(DEADLINE, gateway.handle.shutdown_and_wait()).await.expect("in time");
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
    assert_eq!(
        kernel_gateway::spawner::Spawner::state(&*gateway.spawner, &name("maria")),
        kernel_gateway::spawner::Presence::Absent
    );
    drop(waiting);
}
