//! The parameters of a request (DALI 1.1 section 3): names in any case, from the address and from the body.
//!
//! Bodies are read whole, within a limit. What a parameter means is decided elsewhere.

mod multipart;

use axum::body::to_bytes;
use axum::extract::Request;
use bytes::Bytes;
use http::header;
use tokio::time::timeout;

use crate::config::TrafficLimits;
use crate::refusal::Refusal;

/// The parameters of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    files: Vec<File>,
}

/// A file in a form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    /// The field of the form.
    pub field: String,
    /// Its contents.
    pub bytes: Bytes,
}

impl Parameters {
    /// Reads the query string and, where there is one, the form in the body.
    pub(crate) async fn read(request: Request, limits: &TrafficLimits) -> Result<Self, Refusal> {
        let (head, body) = request.into_parts();
        let mut parameters = Self::default();
        parameters.urlencoded(head.uri.query().unwrap_or_default().as_bytes());
        let body = timeout(limits.body_within, to_bytes(body, limits.body_bytes)).await;
        let body = body.map_err(|_| Refusal::TooSlow)?;
        let body = body.map_err(|_| Refusal::TooLarge { limit_bytes: limits.body_bytes })?;
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match content_type.and_then(multipart::boundary) {
            Some(boundary) => multipart::read(&body, boundary, limits.parameters, &mut parameters)?,
            None => parameters.urlencoded(&body),
        }
        if parameters.pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            // No document can have it in a text, and not every database.
            return Err(Refusal::BadForm { what: "a parameter has the character NUL".to_owned() });
        }
        if parameters.pairs.len() + parameters.files.len() > limits.parameters {
            return Err(Refusal::TooManyParameters { limit: limits.parameters });
        }
        Ok(parameters)
    }

    /// Parameters from pairs.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { pairs: pairs.into_iter().collect(), files: Vec::new() }
    }

    /// The same parameters and these files.
    pub(crate) fn with_files(self, files: Vec<File>) -> Self {
        Self { files, ..self }
    }

    /// The first value of a parameter that is not empty.
    pub(crate) fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Every value of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The first file of a field, whose name is compared as it is written.
    pub(crate) fn file(&self, field: &str) -> Option<&File> {
        self.files.iter().find(|file| file.field == field)
    }

    /// Every file.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// Every name and value, in the order of the request.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The value of a parameter that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or(Refusal::Missing { name })
    }

    fn urlencoded(&mut self, text: &[u8]) {
        let pairs = url::form_urlencoded::parse(text.trim_ascii());
        self.pairs.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(content_type: &str, body: &str) -> Result<Parameters, Refusal> {
        let request = Request::post("/sync?lang=ADQL").header(header::CONTENT_TYPE, content_type);
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        Parameters::read(request, &TrafficLimits::default()).await
    }

    #[tokio::test]
    async fn names_have_no_case_and_the_body_adds_to_the_address() {
        let form = "application/x-www-form-urlencoded";
        let read = read(form, "QUERY=SELECT+1&query=second&Format=").await.expect("a form");
        assert_eq!(
            (read.get("LANG"), read.get("Query"), read.get("FORMAT")),
            (Some("ADQL"), Some("SELECT 1"), None)
        );
        assert_eq!(read.all("QUERY").collect::<Vec<_>>(), ["SELECT 1", "second"]);
    }

    #[tokio::test]
    async fn the_boundary_that_astroquery_sends_is_read() {
        let body = "--===1700===\r\nContent-Disposition: form-data; name=\"QUERY\"\r\n\r\nSELECT 1\r\n\
                    --===1700===\r\nContent-Disposition: form-data; name=\"up\"; filename=\"pytable\"\r\n\
                    Content-Type: application/octet-stream\r\n\r\n<VOTABLE/>\r\n--===1700===--\r\n\r\n";
        let read = read("multipart/form-data; boundary====1700===", body).await.expect("a form");
        assert_eq!(read.get("query"), Some("SELECT 1"));
        let file = File { field: "up".into(), bytes: Bytes::from_static(b"<VOTABLE/>") };
        assert_eq!(read.file("up"), Some(&file));
    }
}
