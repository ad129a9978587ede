//! Following the labs of the cluster: a list, then every change, for ever.
//!
//! An API server that is away changes nothing of what was seen: labs that ran go on running.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::SeenSender;
use super::api::{ApiServer, ClusterError};
use super::lab::Lab;
use super::seen::Seen;

/// How long the server keeps one watch open, in seconds.
const WATCH_SECONDS: u64 = 60;
/// How long after that a watch counts as stalled: some servers, and what is before them, fall silent without an end.
const WATCH_GRACE: Duration = Duration::from_secs(10);
/// Between two watches, so that a server in trouble is not asked without end.
const PAUSE: Duration = Duration::from_millis(200);
/// After a watch that failed.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// One line of a watch.
#[derive(Deserialize)]
struct Event {
    r#type: String,
    object: Value,
}

/// A change that was told, and the version that it led to.
enum News {
    Put(Box<Lab>),
    Gone(String),
    Nothing,
    /// The server does not know any more what came after our version.
    Forgotten,
}

/// Reads all labs into `seen`; the answer is the version from which changes are told.
pub async fn list(api: &ApiServer, seen: &mut Seen) -> Result<String, ClusterError> {
    let mut next = String::new();
    loop {
        let page = api.page(&next).await?;
        page.items.into_iter().for_each(|lab| seen.put(lab));
        next = page.metadata.r#continue;
        if next.is_empty() {
            return Ok(page.metadata.resource_version);
        }
    }
}

/// Keeps `seen` up to date, from `version` on. Never returns.
pub async fn follow(api: Arc<ApiServer>, seen: SeenSender, mut version: String) {
    loop {
        let within = Duration::from_secs(WATCH_SECONDS) + WATCH_GRACE;
        let watched = timeout(within, watch(&api, &seen, &mut version)).await;
        let outcome = match watched {
            Ok(Err(ClusterError::Forgotten)) => list_anew(&api, &seen).await.map(|listed| version = listed),
            Ok(outcome) => outcome,
            Err(_) => Ok(()),
        };
        match outcome {
            Ok(()) => sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, cause = std::error::Error::source(&error), "cannot follow the labs of the cluster");
                sleep(LONG_PAUSE).await;
            }
        }
    }
}

async fn list_anew(api: &ApiServer, seen: &SeenSender) -> Result<String, ClusterError> {
    let mut listed = seen.borrow().empty();
    let version = list(api, &mut listed).await?;
    seen.send_modify(|seen| seen.replace(listed));
    Ok(version)
}

/// One watch, until the server ends it.
async fn watch(api: &ApiServer, seen: &SeenSender, version: &mut String) -> Result<(), ClusterError> {
    let mut lines = api.watch(version, WATCH_SECONDS).await?;
    while let Some(line) = lines.next().await? {
        let event: Event =
            serde_json::from_slice(&line).map_err(|_| ClusterError::Malformed("watch of labs"))?;
        if let Some(told) = event.object["metadata"]["resourceVersion"].as_str() {
            *version = told.to_owned();
        }
        match news(event)? {
            News::Put(lab) => seen.send_modify(|seen| seen.put(*lab)),
            News::Gone(name) => seen.send_modify(|seen| seen.remove(&name)),
            News::Nothing => {}
            News::Forgotten => return Err(ClusterError::Forgotten),
        }
    }
    Ok(())
}

fn news(Event { r#type, object }: Event) -> Result<News, ClusterError> {
    let name = || object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    Ok(match r#type.as_str() {
        "BOOKMARK" => News::Nothing,
        "DELETED" => News::Gone(name()),
        "ERROR" if object["code"] == 410 => News::Forgotten,
        "ERROR" => return Err(ClusterError::Malformed("watch of labs")),
        // A lab that cannot be read is none of ours: its rules are another version's.
        _ => match serde_json::from_value(object.clone()) {
            Ok(lab) => News::Put(Box::new(lab)),
            Err(_) => News::Gone(name()),
        },
    })
}
