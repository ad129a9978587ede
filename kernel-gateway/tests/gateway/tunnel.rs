//! WebSockets between a browser and a lab.

use api::token::Audience;
use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{DEADLINE, Gateway};

const V1: &str = "v1.kernel.websocket.jupyter.org";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Opened = Result<(Socket, Response<Option<Vec<u8>>>), Error>;

async fn open(gateway: &Gateway, query: &str, headers: &[(&'static str, &str)]) -> Opened {
    let address = format!("ws://{}/user/maria/channels{query}", gateway.addr());
    let mut request = address.into_client_request().expect("an address");
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("visible ASCII"));
    }
    connect_async(request).await
}

fn refused(opened: Opened) -> u16 {
    match opened {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}

async fn next(socket: &mut Socket) -> Option<Result<Message, Error>> {
    tokio::time::timeout(DEADLINE, socket.next()).await.expect("in time")
}

#[tokio::test]
async fn messages_of_any_size_pass_both_ways_in_jupyters_subprotocol() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let headers =
        [("cookie", maria.cookies.as_str()), ("origin", &maria.origin), ("sec-websocket-protocol", V1)];
    let (mut socket, response) = open(&gateway, "?session_id=1", &headers).await.expect("opened");
    assert_eq!(response.headers()["sec-websocket-protocol"], V1);
    for length in [0, 1, 125, 126, 65_535, 65_536, 3 << 20] {
        let message = Message::binary(vec![7; length]);
        socket.send(message.clone()).await.expect("sent");
        assert_eq!(next(&mut socket).await.expect("a message").expect("a message"), message);
    }
    socket.send(Message::text("legacy")).await.expect("sent");
    assert_eq!(next(&mut socket).await.expect("a message").expect("a message"), Message::text("legacy"));
}

#[tokio::test]
async fn a_cookie_opens_a_websocket_only_from_exactly_our_origin() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let (addr, port) = (gateway.addr(), gateway.addr().port());
    let mut hostile: Vec<String> =
        ["", "null", "http://", "://", "*", "file://", "evil.example", "about:blank"]
            .map(String::from)
            .to_vec();
    for host in [
        "evil.example",
        "localhost",
        "127.0.0.2",
        "[::1]",
        "127.0.0.1.evil.example",
        "evil.example#127.0.0.1",
        "user@127.0.0.1",
    ] {
        hostile.extend(["http", "https", "ws"].map(|scheme| format!("{scheme}://{host}:{port}")));
        hostile.push(format!("http://{host}"));
    }
    for odd in [
        "https://ADDR",
        "ws://ADDR",
        "http://ADDR/",
        "http://ADDR.evil.example",
        "http://ADDR0",
        "HTTP://ADDR",
        " http://ADDR,http://evil.example",
        "http://evil.example http://ADDR",
    ] {
        hostile.push(odd.replace("ADDR", &addr.to_string()));
    }
    assert!(hostile.len() >= 40, "{}", hostile.len());
    for origin in &hostile {
        let opened = open(&gateway, "", &[("cookie", &maria.cookies), ("origin", origin)]).await;
        assert_eq!(refused(opened), 403, "{origin:?}");
    }
    assert_eq!(refused(open(&gateway, "", &[("cookie", &maria.cookies)]).await), 403, "no origin");
    let foreign =
        [("cookie", maria.cookies.as_str()), ("origin", &maria.origin), ("sec-fetch-site", "cross-site")];
    assert_eq!(refused(open(&gateway, "", &foreign).await), 403);
    assert_eq!(refused(open(&gateway, "", &[("origin", &maria.origin)]).await), 401, "no cookie");
    let caroline = gateway.browser("caroline").await;
    let other = [("cookie", caroline.cookies.as_str()), ("origin", &maria.origin)];
    assert_eq!(refused(open(&gateway, "", &other).await), 404, "another user");
}

#[tokio::test]
async fn a_token_opens_a_websocket_in_the_header_or_in_the_address() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let query = format!("?session_id=1&token={token}");
    assert_eq!(refused(open(&gateway, &query, &[]).await), 101);
    assert_eq!(refused(open(&gateway, "", &[("authorization", &format!("Bearer {token}"))]).await), 101);
    assert_eq!(refused(open(&gateway, "?token=", &[]).await), 401);
    assert_eq!(refused(open(&gateway, "?token=wrong", &[]).await), 401);
    let flight = gateway.token("maria", &[Audience::Flight]);
    assert_eq!(refused(open(&gateway, &format!("?token={flight}"), &[]).await), 401);
}

#[tokio::test]
async fn an_open_websocket_ends_with_its_login() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let (here, elsewhere) = (gateway.browser("maria").await, gateway.browser("maria").await);
    let headers = |cookies| [("cookie", cookies), ("origin", here.origin.as_str())];
    let (mut mine, _) = open(&gateway, "", &headers(&here.cookies)).await.expect("opened");
    let (mut other, _) = open(&gateway, "", &headers(&elsewhere.cookies)).await.expect("opened");
    here.fetches(gateway.post("/logout")).send().await.expect("an answer");
    assert!(!matches!(next(&mut mine).await, Some(Ok(_))), "closed");
    other.send(Message::text("still here")).await.expect("sent");
    assert_eq!(next(&mut other).await.expect("a message").expect("a message"), Message::text("still here"));
}

#[tokio::test]
async fn an_open_websocket_ends_with_its_token() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token =
        gateway.identity.sign(&crate::harness::name("maria"), &[Audience::Gateway], 3).expect("a token");
    let (mut socket, _) = open(&gateway, &format!("?token={token}"), &[]).await.expect("opened");
    assert!(!matches!(next(&mut socket).await, Some(Ok(_))), "closed");
}

#[tokio::test]
async fn shutting_down_closes_open_websockets_at_once() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    let headers = [("cookie", maria.cookies.as_str()), ("origin", maria.origin.as_str())];
    let (mut socket, _) = open(&gateway, "", &headers).await.expect("opened");
    tokio::time::timeout(DEADLINE, gateway.handle.shutdown_and_wait()).await.expect("in time");
    assert!(!matches!(next(&mut socket).await, Some(Ok(_))), "closed");
}

#[tokio::test]
async fn an_answer_that_is_no_websocket_is_passed_on_and_nothing_else_is_upgraded() {
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    let upgrade = |request: reqwest::RequestBuilder, to: &str| {
        request.bearer_auth(&token).header("connection", "upgrade").header("upgrade", to)
    };
    let answer = upgrade(gateway.get("/user/maria/x"), "websocket").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "the lab did not switch");
    let answer = upgrade(gateway.get("/user/maria/x"), "h2c").send().await.expect("an answer");
    assert!(!answer.text().await.expect("what the lab saw").contains("h2c"));
}
