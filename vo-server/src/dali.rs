//! Answers that are documents: XML, and errors as DALI 1.1 section 4.2 wants them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use quick_xml::escape::escape;

use crate::refusal::Refusal;

/// The media type of a VOTable, unless a client asks for another.
pub(crate) const VOTABLE: &str = "application/x-votable+xml";

/// A refusal on its way out of a handler.
pub(crate) struct Answer(Refusal);

impl<E: Into<Refusal>> From<E> for Answer {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let status = refusal.status();
        let message = refusal.to_string();
        if status.is_server_error() {
            let causes = std::iter::successors(std::error::Error::source(&refusal), |error| error.source());
            let causes: Vec<_> = causes.map(ToString::to_string).collect();
            tracing::error!(causes = causes.join(": "), "{message}");
        }
        let mut response = document(VOTABLE, error_document(&message));
        *response.status_mut() = status;
        if status == StatusCode::UNAUTHORIZED {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A VOTable that says why there is no answer. The order of the attributes and the absence of breaks between
/// the tag and the text are what astroquery cuts the message out by.
pub(crate) fn error_document(message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
         <RESOURCE type=\"results\">\n\
         <INFO name=\"QUERY_STATUS\" value=\"ERROR\">{}</INFO>\n\
         </RESOURCE>\n</VOTABLE>\n",
        escape(printable(message))
    )
}

/// XML 1.0 has no way to write most control characters.
pub(crate) fn printable(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
    text.chars().map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// A document of a media type.
pub(crate) fn document(media_type: &'static str, text: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], text.into()).into_response()
}

/// A plain text.
pub(crate) fn text(text: impl Into<Body>) -> Response {
    document("text/plain; charset=utf-8", text)
}

/// `303 See Other`.
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_votable_with_the_reason_and_no_markup_of_the_client() {
        let document = error_document("no such table <x> & \u{1}");
        let expected =
            "<INFO name=\"QUERY_STATUS\" value=\"ERROR\">no such table &lt;x&gt; &amp; \u{fffd}</INFO>";
        assert!(document.contains(expected), "{document}");
    }
}
