//! A signed-in browser: its cookies, and the headers that real browsers add.

use reqwest::{RequestBuilder, Response};

/// The state of a signed-in browser.
#[derive(Clone)]
pub struct Browser {
    pub cookies: String,
    pub xsrf: String,
    pub origin: String,
    /// The `Set-Cookie` lines that made it.
    pub set_cookies: Vec<String>,
}

/// The `Set-Cookie` lines of an answer.
pub fn set_cookies(answer: &Response) -> Vec<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().expect("visible ASCII").to_owned()).collect()
}

impl Browser {
    /// The browser that got this answer of a sign-in.
    pub fn of(answer: &Response, origin: &str) -> Self {
        let set_cookies = set_cookies(answer);
        let pairs: Vec<_> = set_cookies.iter().filter_map(|line| line.split(';').next()).collect();
        let xsrf = pairs.iter().find_map(|pair| pair.strip_prefix("_xsrf=")).expect("an _xsrf cookie");
        Self { cookies: pairs.join("; "), xsrf: xsrf.to_owned(), origin: origin.to_owned(), set_cookies }
    }

    /// A person follows a link or types an address.
    pub fn navigates(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("cookie", &self.cookies)
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("sec-fetch-site", "none")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
    }

    /// A script of our own page asks, as JupyterLab does.
    pub fn fetches(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header("cookie", &self.cookies)
            .header("accept", "*/*")
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty")
            .header("x-xsrftoken", &self.xsrf)
    }
}
