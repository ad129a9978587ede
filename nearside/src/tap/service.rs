//! One TAP service: where it is, who asks, and how a question becomes a file.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use url::Url;

use super::job;

/// What a service may take and give.
#[derive(Clone, Copy, Debug)]
pub struct TapLimits {
    /// Rows to ask for at a time.
    pub rows_per_query: u64,
    /// Rows of the answer to a query that is asked as a whole.
    pub max_rows: u64,
    /// How long a job may take.
    pub job: Duration,
    /// How long the service may be silent.
    pub silence: Duration,
    /// Bytes of one answer.
    pub answer_bytes: u64,
    /// How often a question is asked when the service fails to answer at all.
    pub attempts: u32,
}

impl Default for TapLimits {
    fn default() -> Self {
        Self {
            rows_per_query: 500_000,
            max_rows: 50_000_000,
            job: Duration::from_secs(2 * 60 * 60),
            silence: Duration::from_secs(5 * 60),
            answer_bytes: 64 << 30,
            attempts: 3,
        }
    }
}

/// How the service knows who asks.
#[derive(Default)]
pub struct Access {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// A cookie, as NAME=VALUE.
    pub cookie: Option<SecretString>,
}

/// A TAP service.
pub struct Service {
    url: Url,
    limits: TapLimits,
    /// Follows no redirects: where a new job is stands in one.
    pub(super) posting: Client,
    pub(super) getting: Client,
}

/// Redirects that are followed to a result.
const MAX_REDIRECTS: usize = 10;
/// Bytes of an error message that are read.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

impl Service {
    /// A service at this address. Nothing is sent yet.
    pub fn new(mut url: Url, access: Access, limits: TapLimits) -> Result<Self> {
        ensure!(matches!(url.scheme(), "http" | "https"), "{url} is no address of a TAP service");
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/"));
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(token) = &access.token {
            headers.insert(AUTHORIZATION, secret(&format!("Bearer {}", token.expose_secret()))?);
        }
        if let Some(cookie) = &access.cookie {
            headers.insert(COOKIE, secret(cookie.expose_secret())?);
        }
        let client = |policy| {
            let builder = Client::builder().redirect(policy).default_headers(headers.clone());
            builder.connect_timeout(limits.silence).read_timeout(limits.silence).build()
        };
        let posting = client(redirect::Policy::none()).context("failed to start an HTTP client")?;
        let getting =
            client(redirect::Policy::limited(MAX_REDIRECTS)).context("failed to start an HTTP client")?;
        Ok(Self { url, limits, posting, getting })
    }

    /// Where the service is.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What it may take and give.
    pub fn limits(&self) -> &TapLimits {
        &self.limits
    }

    /// Asks a question and writes the answer, a VOTable, into a file.
    pub async fn ask(&self, adql: &str, max_rows: u64, file: &Path) -> Result<()> {
        let mut attempt = 1;
        loop {
            match self.attempt(adql, max_rows, file).await {
                Err(error) if attempt < self.limits.attempts && is_passing(&error) => {
                    tracing::warn!("asking {} again: {error:#}", self.url);
                    tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
                    attempt += 1;
                }
                other => return other.with_context(|| format!("failed to ask {}", self.url)),
            }
        }
    }

    async fn attempt(&self, adql: &str, max_rows: u64, file: &Path) -> Result<()> {
        match self.answer(adql, max_rows).await? {
            Answering::Now(response) => self.save(response, file).await,
            Answering::Later(job) => {
                let saved = match job::result(self, &job).await {
                    Ok(response) => self.save(response, file).await,
                    Err(error) => Err(error),
                };
                // It would take room at the service until its destruction time.
                job::delete(self, &job).await;
                saved
            }
        }
    }

    /// Asks for an asynchronous job, or synchronously where the service has no jobs.
    async fn answer(&self, adql: &str, max_rows: u64) -> Result<Answering> {
        let form = form(adql, max_rows);
        let response = self.post("async", &format!("{form}&PHASE=RUN")).await?;
        if matches!(
            response.status(),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        ) {
            let response = self.post("sync", &form).await?;
            let response = if response.status().is_redirection() {
                self.getting.get(location(&response)?).send().await?
            } else {
                response
            };
            return Ok(Answering::Now(good(response).await?));
        }
        if !response.status().is_redirection() {
            good(response).await?;
            bail!("the service took the query, but does not say where its job is");
        }
        Ok(Answering::Later(location(&response)?))
    }

    async fn post(&self, endpoint: &str, form: &str) -> Result<Response> {
        let request = self.posting.post(self.url.join(endpoint)?).body(form.to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Ok(request.send().await?)
    }

    async fn save(&self, mut response: Response, path: &Path) -> Result<()> {
        let mut file =
            File::create(path).await.with_context(|| format!("failed to create {}", path.display()))?;
        let mut bytes = 0;
        while let Some(chunk) = response.chunk().await? {
            bytes += chunk.len() as u64;
            let limit = self.limits.answer_bytes;
            ensure!(bytes <= limit, "the answer has more than {limit} bytes: ask for fewer rows at a time");
            file.write_all(&chunk).await.with_context(|| format!("failed to write {}", path.display()))?;
        }
        file.sync_all().await.with_context(|| format!("failed to write {}", path.display()))
    }
}

/// How a service answers.
enum Answering {
    /// With the table.
    Now(Response),
    /// With the address of a job.
    Later(Url),
}

fn form(adql: &str, max_rows: u64) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("REQUEST", "doQuery")
        .append_pair("LANG", "ADQL")
        .append_pair("FORMAT", "votable")
        .append_pair("MAXREC", &max_rows.to_string())
        .append_pair("QUERY", adql)
        .finish()
}

fn secret(text: &str) -> Result<HeaderValue> {
    let mut value =
        HeaderValue::from_str(text).context("the token or cookie has characters that HTTP does not allow")?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where a redirect leads.
fn location(response: &Response) -> Result<Url> {
    let location = response.headers().get("location").and_then(|location| location.to_str().ok());
    let location = location.context("the service redirects to nowhere")?;
    Ok(response.url().join(location)?)
}

/// The response, or what the service says is wrong.
pub(super) async fn good(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let why = message(response).await;
    if status.is_server_error() {
        Err(Passing(why).into())
    } else {
        bail!("the service answers {status}: {why}")
    }
}

/// The words of an error document: those of its INFO (DALI 1.1 section 4.4.2), or all text without tags.
pub(super) async fn message(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_MESSAGE_BYTES {
            bytes.truncate(MAX_MESSAGE_BYTES);
            break;
        }
    }
    words(&String::from_utf8_lossy(&bytes))
}

fn words(document: &str) -> String {
    let error = document.split_once("\"ERROR\"").and_then(|(_, behind)| behind.split_once('>'));
    let text = error.map_or(document, |(_, behind)| behind.split("</INFO>").next().unwrap_or(behind));
    let mut words = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag => words.push(c),
            _ => {}
        }
    }
    words.split_whitespace().take(60).collect::<Vec<_>>().join(" ")
}

/// A failure that may be over when the question is asked again.
#[derive(Debug)]
struct Passing(String);

impl std::fmt::Display for Passing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the service fails: {}", self.0)
    }
}

impl std::error::Error for Passing {}

/// Whether a failure is of the service or of the way to it, not of the question.
fn is_passing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<Passing>() || cause.is::<reqwest::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_error_are_found_in_any_document() {
        for (document, expected) in [
            (
                "<VOTABLE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">no table\n gaia.x</INFO></VOTABLE>",
                "no table gaia.x",
            ),
            ("<html><body><h1>502</h1> Bad gateway</body></html>", "502 Bad gateway"),
            ("plain words", "plain words"),
        ] {
            assert_eq!(words(document), expected);
        }
    }
}
