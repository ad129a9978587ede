//! Which hosts and origins are our own.
//!
//! Embedded, the gateway is reached over loopback only, perhaps through a tunnel that changes the port. So the
//! host must be a loopback name, and an origin must be that very host and port.

use std::net::IpAddr;

use axum::extract::Request;
use http::uri::Authority;
use http::{HeaderMap, header};

use crate::error::Refusal;

/// Our own scheme; the host is each request's own, once it has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    scheme: &'static str,
}

impl Site {
    /// The site of a gateway with or without TLS.
    pub fn new(tls: bool) -> Self {
        Self { scheme: if tls { "https" } else { "http" } }
    }

    /// `https` or `http`.
    pub fn scheme(self) -> &'static str {
        self.scheme
    }

    /// Refuses what is addressed to another host, or to none, or to two.
    pub fn check(self, request: &Request) -> Result<(), Refusal> {
        let host = host(request.headers()).ok_or(Refusal::ForeignHost)?;
        let authority: Authority = host.parse().map_err(|_| Refusal::ForeignHost)?;
        let same = request.uri().authority().is_none_or(|asked| *asked == authority);
        if same && is_loopback(authority.host()) { Ok(()) } else { Err(Refusal::ForeignHost) }
    }

    /// Whether the request's `Origin` is the page's own. None where the browser named none.
    pub fn origin_is_ours(self, headers: &HeaderMap) -> Option<bool> {
        let origin = headers.get(header::ORIGIN)?;
        let own = host(headers).map(|host| format!("{}://{host}", self.scheme));
        Some(own.is_some_and(|own| origin.as_bytes() == own.as_bytes()))
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let only = hosts.next()?;
    if hosts.next().is_some() { None } else { only.to_str().ok() }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
