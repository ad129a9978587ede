//! Our two cookies: the login, which scripts cannot read, and `_xsrf`, which JupyterLab reads and sends back.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use crate::identity::LOGIN_SECONDS;
use crate::secrets;

/// The readable cookie; JupyterLab copies it into the `X-XSRFToken` header.
pub const XSRF: &str = "_xsrf";

/// Seconds that a sign-in at a provider may take.
const ATTEMPT_SECONDS: i64 = 600;

/// Names and attributes of the cookies, which depend on whether the connection is encrypted.
#[derive(Clone, Copy)]
pub struct CookieJar {
    tls: bool,
}

impl CookieJar {
    /// The cookies of a gateway with or without TLS.
    pub fn new(tls: bool) -> Self {
        Self { tls }
    }

    /// The login cookie's name. The prefix makes browsers refuse it from any other host or path
    /// (RFC 6265bis section 4.1.3.2), but works with TLS only.
    pub fn login_name(self) -> &'static str {
        if self.tls { "__Host-nearside" } else { "nearside" }
    }

    /// The login secret of a request. Two different ones mean that somebody planted one: none counts.
    pub fn login_secret(self, headers: &HeaderMap) -> Option<&str> {
        let mut values = values(headers, self.login_name());
        let first = values.next()?;
        values.all(|other| other == first).then_some(first)
    }

    /// Signs the browser in.
    pub fn set(self, response: &mut Response, secret: &str) {
        self.append(response, self.login_name(), secret, LOGIN_SECONDS, "; HttpOnly");
        self.append(response, XSRF, &xsrf_token(secret), LOGIN_SECONDS, "");
    }

    /// Signs the browser out.
    pub fn clear(self, response: &mut Response) {
        self.append(response, self.login_name(), "", 0, "; HttpOnly");
        self.append(response, XSRF, "", 0, "");
    }

    /// What a browser has to remember while it signs in at a provider.
    pub fn attempt(self, headers: &HeaderMap) -> Option<&str> {
        values(headers, self.attempt_name()).next()
    }

    /// Lets the browser remember it. The answer comes by a link of the provider, which a strict cookie would not follow.
    pub fn set_attempt(self, response: &mut Response, value: &str) {
        self.append_lax(response, value, ATTEMPT_SECONDS);
    }

    /// Lets it forget.
    pub fn clear_attempt(self, response: &mut Response) {
        self.append_lax(response, "", 0);
    }

    fn attempt_name(self) -> &'static str {
        if self.tls { "__Host-nearside-attempt" } else { "nearside-attempt" }
    }

    fn append_lax(self, response: &mut Response, value: &str, max_age: i64) {
        let secure = if self.tls { "; Secure" } else { "" };
        let name = self.attempt_name();
        let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}; SameSite=Lax{secure}; HttpOnly");
        let cookie = HeaderValue::from_str(&cookie).expect("an attempt is visible ASCII");
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }

    fn append(self, response: &mut Response, name: &str, value: &str, max_age: i64, http_only: &str) {
        let transport = if self.tls { "; SameSite=Lax; Secure" } else { "; SameSite=Strict" };
        let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}{transport}{http_only}");
        let cookie = HeaderValue::from_str(&cookie).expect("names and hexadecimal digits are visible ASCII");
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The value that forms and scripts of a login must send back: only we and its browser can make it.
pub fn xsrf_token(login_secret: &str) -> String {
    secrets::derive(login_secret, "nearside-xsrf")
}

/// Every value of a cookie; a browser sends several when they were set for several paths.
pub fn values<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    pairs(headers).filter(move |(found, _)| *found == name).map(|(_, value)| value)
}

/// The `Cookie` header without our login, for the lab.
pub fn without_login(headers: &HeaderMap) -> Option<HeaderValue> {
    let ours = [true, false].map(CookieJar::new).map(|jar| [jar.login_name(), jar.attempt_name()]);
    let ours = ours.as_flattened();
    let kept: Vec<_> = pairs(headers)
        .filter(|(name, _)| !ours.contains(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if kept.is_empty() { None } else { HeaderValue::from_str(&kept.join("; ")).ok() }
}

/// Whether a `Set-Cookie` of a lab would overwrite one of ours.
pub fn overwrites_ours(set_cookie: &HeaderValue) -> bool {
    let name = set_cookie.as_bytes().split(|&byte| byte == b'=').next().unwrap_or_default().trim_ascii();
    [true, false]
        .map(CookieJar::new)
        .map(|jar| [jar.login_name(), jar.attempt_name(), XSRF])
        .as_flattened()
        .iter()
        .any(|ours| name.eq_ignore_ascii_case(ours.as_bytes()))
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}
