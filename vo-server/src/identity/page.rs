//! Whether a page that is not ours sends a request (Fetch Metadata, W3C). Browsers keep cookies by host, not by port: the page of
//! somebody's lab may be of the same site, and `SameSite` does not keep it from using the cookie of our page.

use http::uri::Uri;
use http::{HeaderMap, HeaderValue, header};

/// Programs say nothing about pages, and are no foreign page.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => false,
        Some(_) => true,
        // Browsers say it only where the connection is safe, or on the same machine.
        None => headers.get(header::ORIGIN).is_some_and(|origin| !is_ours(origin, headers)),
    }
}

fn is_ours(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.is_some_and(|origin| origin.authority().map(|authority| authority.as_str()) == asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_elsewhere_are_told_from_ours_and_from_programs() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let mut headers =
                HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("sky.test:8644"))]);
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_foreign(&headers)
        };
        assert!(!foreign(&[]));
        assert!(!foreign(&[("sec-fetch-site", "same-origin"), ("origin", "http://sky.test:8644")]));
        assert!(!foreign(&[("sec-fetch-site", "none")]));
        assert!(foreign(&[("sec-fetch-site", "same-site"), ("origin", "http://sky.test:8642")]));
        assert!(foreign(&[("sec-fetch-site", "cross-site")]));
        assert!(!foreign(&[("origin", "http://sky.test:8644")]));
        assert!(foreign(&[("origin", "http://sky.test:8642")]));
        assert!(foreign(&[("origin", "null")]));
    }
}
