//! When somebody last did something. An open tab is not somebody doing something.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The moment of the last deed of a person in this lab, outside kernels.
pub struct LastDeed(Mutex<Instant>);

impl LastDeed {
    /// A deed right now: starting a lab is one.
    pub fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Notes a deed at this moment.
    pub fn note(&self) {
        *self.0.lock().expect("no thread panics while it holds an instant") = Instant::now();
    }

    /// Time since the last deed.
    pub fn age(&self) -> Duration {
        self.0.lock().expect("no thread panics while it holds an instant").elapsed()
    }
}

/// Whether a proxied request shows a person at work: it changes something or opens a page. A tab left open
/// only polls, with requests that are neither.
pub fn is_a_deed(request: &http::request::Parts) -> bool {
    let navigates = request.headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    navigates || !(request.method.is_safe())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, mode: &str) -> http::request::Parts {
        let request = http::Request::builder().method(method).header("sec-fetch-mode", mode).body(());
        request.expect("the request is well formed").into_parts().0
    }

    #[test]
    fn saving_and_opening_a_page_are_deeds_and_polling_is_not() {
        let seen = [("PUT", "cors"), ("GET", "navigate"), ("GET", "cors"), ("HEAD", "no-cors")]
            .map(|(method, mode)| is_a_deed(&parts(method, mode)));
        assert_eq!(seen, [true, true, false, false]);
    }
}
