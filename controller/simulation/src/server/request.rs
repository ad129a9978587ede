//! What a request asks for.

use std::collections::BTreeMap;

use http::Request;
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;

use crate::cluster::Right;
use crate::store::{PatchKind, text};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Read one; `stale` when any version will do.
    Get {
        /// Whether an old view is good enough (`resourceVersion=0`).
        stale: bool,
    },
    /// Read a page.
    List {
        /// Objects in it.
        limit: usize,
        /// The name after which it starts.
        after: Option<String>,
    },
    /// Hear of every change.
    Watch,
    /// Create one.
    Create,
    /// Change one.
    Patch {
        /// How.
        kind: PatchKind,
        /// Whether the status.
        status: bool,
    },
    /// Delete one.
    Delete,
}

/// A parsed request.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is to be done.
    pub verb: Verb,
    /// To which kind.
    pub plural: String,
    /// To which object; empty for lists and watches.
    pub name: String,
    /// The object, patch or options that came along.
    pub body: Value,
    /// The query.
    pub query: BTreeMap<String, String>,
}

impl Call {
    /// Nothing when this is no request of ours.
    pub async fn parse(request: Request<Body>) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).ok()? };
        let query = parts.uri.query().unwrap_or_default();
        let query: BTreeMap<String, String> = query.split('&').filter_map(pair).collect();
        let mut path = parts.uri.path().split('/').skip_while(|part| *part != "namespaces").skip(2);
        let plural = path.next()?.to_owned();
        let mut name = path.next().unwrap_or_default().to_owned();
        let status = path.next() == Some("status");
        let content = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let verb = match parts.method.as_str() {
            "GET" if !name.is_empty() => {
                Verb::Get { stale: query.get("resourceVersion").is_some_and(|at| at == "0") }
            }
            "GET" if query.contains_key("watch") => Verb::Watch,
            "GET" => Verb::List {
                limit: query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX - 1),
                after: query.get("continue").cloned(),
            },
            "POST" => Verb::Create,
            "PATCH" if content == Some("application/apply-patch+yaml") => {
                Verb::Patch { kind: PatchKind::Apply, status }
            }
            "PATCH" => Verb::Patch { kind: PatchKind::Merge, status },
            "DELETE" => Verb::Delete,
            _ => return None,
        };
        if verb == Verb::Create {
            name = text(&body, "/metadata/name").to_owned();
        }
        Some(Self { verb, plural, name, body, query })
    }

    /// What the caller must have the right to do.
    pub fn rights(&self) -> Vec<Right> {
        let resource = match self.verb {
            Verb::Patch { status: true, .. } => format!("{}/status", self.plural),
            _ => self.plural.clone(),
        };
        let verbs: &[&str] = match self.verb {
            Verb::Get { .. } => &["get"],
            Verb::List { .. } => &["list"],
            Verb::Watch => &["watch"],
            Verb::Create => &["create"],
            // What is applied is created where there is none, but for a status.
            Verb::Patch { kind: PatchKind::Apply, status: false } => &["create", "patch"],
            Verb::Patch { .. } => &["patch"],
            Verb::Delete => &["delete"],
        };
        verbs.iter().map(|verb| (resource.clone(), *verb)).collect()
    }

    /// Whether the label selector of the call, one equality at most, takes `object`.
    pub fn selects(&self, object: &Value) -> bool {
        let Some((label, value)) =
            self.query.get("labelSelector").and_then(|selector| selector.split_once('='))
        else {
            return true;
        };
        object["metadata"]["labels"][label].as_str() == Some(value)
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    Some((key.to_owned(), value.replace("%2F", "/").replace("%3D", "=")))
}
