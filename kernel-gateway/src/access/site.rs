//! Which hosts and origins are our own.
//!
//! Embedded, the gateway is reached over loopback only, perhaps through a tunnel that changes the port. So the
//! host must be a loopback name, and an origin must be that very host and port. Elsewhere the names by which it is
//! reached are in its configuration, and it answers to no other.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use url::Url;

use crate::error::Refusal;

/// Where people reach a gateway that is not on their own machine.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    /// `https://` or `http://`, with host and port, and nothing behind.
    url: Uri,
    /// Other hosts under which it answers: labs ask for tokens at a name inside the cluster.
    hosts: Vec<Authority>,
}

impl PublicAddress {
    /// An address as browsers have it, and other names. None where there is a path, or another scheme.
    pub fn new(url: Uri, hosts: Vec<Authority>) -> Option<Self> {
        let plain = matches!(url.scheme_str(), Some("http" | "https"))
            && url.path_and_query().is_none_or(|path| path.as_str() == "/");
        (plain && url.authority().is_some()).then_some(Self { url, hosts })
    }

    /// Whether browsers encrypt.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme_str() == Some("https")
    }
}

/// Our own scheme; the host is each request's own, once it has been checked.
#[derive(Clone, Debug)]
pub struct Site {
    scheme: &'static str,
    hosts: Arc<[Authority]>,
}

impl Site {
    /// The site of a gateway whose connections are encrypted or not, and that others reach or not.
    pub fn new(encrypted: bool, public: Option<&PublicAddress>) -> Self {
        let hosts =
            public.into_iter().flat_map(|public| public.url.authority().into_iter().chain(&public.hosts));
        Self { scheme: if encrypted { "https" } else { "http" }, hosts: hosts.cloned().collect() }
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// A page of ours at the address that the browser of this request knows.
    pub fn address(&self, headers: &HeaderMap, path: &str) -> Option<Url> {
        Url::parse(&format!("{}://{}{path}", self.scheme, host(headers)?)).ok()
    }

    /// Refuses what is addressed to another host, or to none, or to two.
    pub fn check(&self, request: &Request) -> Result<(), Refusal> {
        let host = host(request.headers()).ok_or(Refusal::ForeignHost)?;
        let authority: Authority = host.parse().map_err(|_| Refusal::ForeignHost)?;
        let same = request.uri().authority().is_none_or(|asked| *asked == authority);
        let ours = is_loopback(authority.host()) || self.hosts.contains(&authority);
        if same && ours { Ok(()) } else { Err(Refusal::ForeignHost) }
    }

    /// Whether the request's `Origin` is the page's own. None where the browser named none.
    pub fn origin_is_ours(&self, headers: &HeaderMap) -> Option<bool> {
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
