//! The API server, as far as the gateway needs it: the labs of one namespace, listed, watched, applied and changed.
//!
//! A small client of our own: the usual one switches on features of crates below the engine. A connection per call,
//! which is rare, except for the one of the watch, which stays open.

mod connect;
mod error;
mod lines;

use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::lab::{API_VERSION, Lab, MANAGER};
use crate::config::ApiServerConfig;
use connect::Connector;

pub use error::ClusterError;
pub use lines::Lines;

/// How long a call may take before its outcome counts as unknown.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Bytes of one answer: a page of labs has some two kilobytes for each.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// Labs in one page of a list.
const PAGE: usize = 500;

/// The API server.
pub struct ApiServer {
    connector: Connector,
    /// Read anew for each call: the cluster changes it while we run.
    token_file: Option<PathBuf>,
    namespace: String,
}

/// Some of the labs.
#[derive(Deserialize)]
pub struct Page {
    pub metadata: PageMetadata,
    pub items: Vec<Lab>,
}

/// Where the list goes on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageMetadata {
    pub resource_version: String,
    #[serde(default)]
    pub r#continue: String,
}

impl ApiServer {
    /// The server at an address; nothing is sent yet.
    pub fn new(config: &ApiServerConfig, namespace: &str) -> Result<Self, ClusterError> {
        Ok(Self {
            connector: Connector::new(&config.url, config.ca_file.as_deref())?,
            token_file: config.token_file.clone(),
            namespace: namespace.to_owned(),
        })
    }

    /// The first labs, or those after `next`.
    pub async fn page(&self, next: &str) -> Result<Page, ClusterError> {
        let query = format!("limit={PAGE}&continue={next}");
        self.call(self.request(Method::GET, "", &query, None).await?).await
    }

    /// Every change after `version`, for so many seconds.
    pub async fn watch(&self, version: &str, seconds: u64) -> Result<Lines, ClusterError> {
        let query =
            format!("watch=1&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={seconds}");
        let request = self.request(Method::GET, "", &query, None).await?;
        let answer =
            timeout(ANSWER_WITHIN, self.send(request)).await.map_err(ClusterError::unreachable)??;
        Ok(Lines::new(answer.into_body()))
    }

    /// Makes a lab so, whether or not it exists (server-side apply).
    pub async fn apply(&self, name: &str, lab: &Value) -> Result<Lab, ClusterError> {
        let query = format!("fieldManager={MANAGER}&force=true");
        let body = Some(("application/apply-patch+yaml", lab));
        self.call(self.request(Method::PATCH, &format!("/{name}"), &query, body).await?).await
    }

    /// Changes some fields of a lab that exists (RFC 7396).
    pub async fn change(&self, name: &str, change: &Value) -> Result<Lab, ClusterError> {
        let query = format!("fieldManager={MANAGER}");
        let body = Some(("application/merge-patch+json", change));
        self.call(self.request(Method::PATCH, &format!("/{name}"), &query, body).await?).await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Option<(&'static str, &Value)>,
    ) -> Result<Request<Body>, ClusterError> {
        let address = format!("/apis/{API_VERSION}/namespaces/{}/labs{path}?{query}", self.namespace);
        let mut request =
            Request::builder().method(method).uri(address).header(header::HOST, self.connector.host());
        if let Some(path) = &self.token_file {
            let token = tokio::fs::read_to_string(path).await;
            let token = token.map_err(|source| ClusterError::File { path: path.clone(), source })?;
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
                .map_err(|_| ClusterError::Malformed("token of our account"))?;
            bearer.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let (kind, body) = match body {
            Some((kind, object)) => (kind, Body::from(object.to_string())),
            None => ("application/json", Body::empty()),
        };
        let request = request.header(header::CONTENT_TYPE, kind).header(header::ACCEPT, "application/json");
        request.body(body).map_err(ClusterError::unreachable)
    }

    /// Sends a request and reads the object in its answer.
    async fn call<T: DeserializeOwned>(&self, request: Request<Body>) -> Result<T, ClusterError> {
        let answered = async {
            let answer = self.send(request).await?;
            let bytes = body(answer).await?;
            serde_json::from_slice(&bytes).map_err(|_| ClusterError::Malformed("answer of the API server"))
        };
        timeout(ANSWER_WITHIN, answered).await.map_err(ClusterError::unreachable)?
    }

    /// Sends a request; any answer but a good one is an error.
    async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, ClusterError> {
        let answer = self.connector.send(request).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let said = body(answer).await?;
        Err(ClusterError::refused(status, &said))
    }
}

async fn body(answer: Response<Incoming>) -> Result<Bytes, ClusterError> {
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
    Ok(body.map_err(ClusterError::unreachable)?.to_bytes())
}
