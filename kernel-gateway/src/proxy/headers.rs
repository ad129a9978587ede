//! Which headers pass between a browser and a lab.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Uri};

use crate::cookies;

/// Headers of one hop (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Starts of names by which proxies tell servers who asks. From outside they would be lies.
const IDENTITY: [&str; 8] =
    ["x-forwarded-", "x-real-", "x-remote-", "remote-", "x-auth-", "x-user", "x-jupyterhub-", "x-nearside-"];

/// Prepares a request's headers for the lab.
pub fn clean_question(headers: &mut HeaderMap, websocket: bool) {
    let cookie = cookies::without_login(headers);
    remove_hop_by_hop(headers);
    let claims: Vec<_> = headers.keys().filter(|name| claims_identity(name)).cloned().collect();
    for name in claims.iter().chain([&header::AUTHORIZATION, &header::FORWARDED, &header::COOKIE]) {
        headers.remove(name);
    }
    headers.extend(cookie.map(|cookie| (header::COOKIE, cookie)));
    if websocket {
        ask_for_websocket(headers);
    }
}

/// Prepares an answer's headers for the browser. A lab cannot change who is signed in.
pub fn clean_answer(headers: &mut HeaderMap, switches: bool) {
    remove_hop_by_hop(headers);
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies.into_iter().filter(|cookie| !cookies::overwrites_ours(cookie)) {
        headers.append(header::SET_COOKIE, cookie);
    }
    if switches {
        ask_for_websocket(headers);
    }
}

/// The path and query without the parameter `token`, which is for the gateway alone.
pub fn without_token(uri: &Uri) -> Option<Uri> {
    let kept = |query: &str| {
        let pairs = query.split('&').filter(|pair| *pair != "token" && !pair.starts_with("token="));
        pairs.collect::<Vec<_>>().join("&")
    };
    let address = match uri.query().map(kept).filter(|query| !query.is_empty()) {
        Some(query) => format!("{}?{query}", uri.path()),
        None => uri.path().to_owned(),
    };
    address.parse().ok()
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::CONNECTION).into_iter().filter_map(|line| line.to_str().ok());
    let named: Vec<HeaderName> =
        lines.flat_map(|line| line.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    // A sender must not make us drop what we check or add.
    let kept = [header::HOST, header::COOKIE, header::CONTENT_LENGTH];
    for name in HOP_BY_HOP.iter().chain(named.iter().filter(|name| !kept.contains(name))) {
        headers.remove(name);
    }
}

fn claims_identity(name: &HeaderName) -> bool {
    IDENTITY.iter().any(|start| name.as_str().starts_with(start))
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn credentials_claims_and_hops_stay_here() {
        let mut headers = map(&[
            ("host", "localhost:8000"),
            ("cookie", "nearside=secret; theme=dark; __Host-nearside=secret; _xsrf=1"),
            ("authorization", "Bearer secret"),
            ("connection", "keep-alive, X-Drop, Cookie, Host"),
            ("keep-alive", "5"),
            ("x-drop", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("forwarded", "for=1.2.3.4"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-user", "root"),
            ("x-real-ip", "1.2.3.4"),
            ("remote-user", "root"),
            ("x-remote-user", "root"),
            ("x-auth-request-email", "root@example"),
            ("x-jupyterhub-version", "9"),
            ("x-xsrftoken", "1"),
            ("accept", "*/*"),
        ]);
        clean_question(&mut headers, false);
        let expected = map(&[
            ("host", "localhost:8000"),
            ("x-xsrftoken", "1"),
            ("accept", "*/*"),
            ("cookie", "theme=dark; _xsrf=1"),
        ]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn a_websocket_keeps_its_upgrade_and_no_other() {
        let mut headers =
            map(&[("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-key", "x")]);
        clean_question(&mut headers, true);
        let expected =
            map(&[("sec-websocket-key", "x"), ("connection", "Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn a_lab_cannot_set_our_cookies() {
        let mut headers = HeaderMap::new();
        for cookie in
            ["nearside=x", "_xsrf=2|a; Path=/user/maria/", "__HOST-nearside=x", "theme=dark; Path=/"]
        {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        clean_answer(&mut headers, false);
        assert_eq!(headers, map(&[("set-cookie", "theme=dark; Path=/")]));
    }

    #[test]
    fn the_lab_does_not_see_a_token_in_the_address() {
        for (address, seen) in [
            (
                "/user/maria/api/kernels/1/channels?session_id=2&token=secret",
                "/user/maria/api/kernels/1/channels?session_id=2",
            ),
            ("/user/maria/x?token=secret", "/user/maria/x"),
            ("/user/maria/x?tokens=3&a=token", "/user/maria/x?tokens=3&a=token"),
            ("/user/maria/a%2Fb%20c", "/user/maria/a%2Fb%20c"),
        ] {
            let uri = without_token(&address.parse().expect("an address"));
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), Some(seen));
        }
    }
}
