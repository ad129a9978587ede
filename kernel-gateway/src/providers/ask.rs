//! Asking a provider over HTTP: no redirects, no long waits, no large answers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::ProviderError;

/// How long a provider may take to answer one question.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer; key sets and metadata have a few thousand.
const ANSWER_MAX_BYTES: usize = 1 << 20;

/// A client for one provider.
#[derive(Clone)]
pub struct Ask {
    client: Client,
}

impl Ask {
    /// A client that trusts the authorities of the system, or those of `ca_file` only.
    pub fn new(ca_file: Option<&Path>) -> Result<Self> {
        let mut client = Client::builder().redirect(Policy::none()).timeout(ANSWER_WITHIN);
        if let Some(file) = ca_file {
            let pem = std::fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
            client = client.tls_certs_only(Certificate::from_pem_bundle(&pem)?);
        }
        Ok(Self { client: client.build()? })
    }

    /// A question by GET.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// A question by a form.
    pub fn post(&self, url: Url, form: String) -> RequestBuilder {
        self.client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form)
    }

    /// The status and the text of the answer.
    pub async fn text(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let mut response = request.send().await.map_err(ProviderError::away)?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(ProviderError::away)? {
            if body.len() + part.len() > ANSWER_MAX_BYTES {
                return Err(ProviderError::away(format!(
                    "the answer has more than {ANSWER_MAX_BYTES} bytes"
                )));
            }
            body.extend_from_slice(&part);
        }
        Ok((response.status(), body))
    }

    /// The answer as JSON; another status than 200 is no answer.
    pub async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ProviderError> {
        let (status, body) = Self::text(request).await?;
        if status != StatusCode::OK {
            return Err(ProviderError::away(format!("the answer has the status {status}")));
        }
        serde_json::from_slice(&body).map_err(ProviderError::away)
    }
}
