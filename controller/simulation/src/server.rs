//! The API server as a [`tower::Service`] under `kube::Client`, with everything that a network and a busy server do
//! to a call: it is late, it is refused, it fails before or after it had its effect, or it is never answered.

mod request;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use controller::clock::Clock as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use kube::client::Body;
use serde_json::{Value, json};
use tower::Service;

use crate::cluster::{Actor, Cluster};
use crate::defects::Defect;
use crate::invariants;
use crate::store::{Patch, Refusal, Store, at, text};
use crate::wire;

pub use request::{Call, Verb};

/// The body of an answer.
pub type Answer = UnsyncBoxBody<Bytes, Infallible>;

/// One client's way to the API server.
#[derive(Clone)]
pub struct Connection {
    /// The cluster.
    pub cluster: Cluster,
    /// Who calls.
    pub actor: Actor,
    /// A defect that is planted between the caller and the server.
    pub defect: Option<Defect>,
}

/// The connection broke.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection was closed")]
pub struct Closed;

impl Connection {
    /// A client for the namespace `labs`. Must be called inside the runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "labs")
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Answer>, Closed> {
        let mut call = Call::parse(request).await.ok_or(Closed)?;
        if let Some(defect) = self.defect {
            wire::on_request(defect, &mut call, &self.cluster);
        }
        self.count(&call);
        self.judge(&call);
        if matches!(call.verb, Verb::Watch) {
            return watch::open(self, call).await;
        }
        let outcome = self.suffer(&call).await?;
        let outcome = match self.defect {
            Some(defect) => wire::on_answer(defect, &call, outcome, &self.cluster),
            None => outcome,
        };
        Ok(self.response(outcome))
    }

    fn response(&self, outcome: Result<Answered, Refusal>) -> Response<Answer> {
        let (code, body) = match outcome {
            Ok(Answered::One(object)) => (200, self.cluster.world().store.json(&object)),
            Ok(Answered::Page(page)) => (200, page.json(&self.cluster.world().store)),
            Err(refusal) => (refusal.code, Bytes::from(status(&refusal).to_string())),
        };
        let mut response = Response::new(Full::new(body).boxed_unsync());
        *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
        response
    }

    fn count(&self, call: &Call) {
        if matches!(self.actor, Actor::Controller(_)) {
            let tally = &mut self.cluster.world().tally;
            tally.calls += u64::from(call.verb != Verb::Watch);
            tally.rights.extend(call.rights());
        }
    }

    fn judge(&self, call: &Call) {
        let found = invariants::on_call(self.actor, call);
        if !found.is_empty() {
            self.cluster.violated.notify_one();
            self.cluster.world().found(self.cluster.clock.now(), found);
        }
    }

    /// Performs the call, or what is left of it after the network and the server have had their way.
    async fn suffer(&self, call: &Call) -> Result<Result<Answered, Refusal>, Closed> {
        let (clock, dice) = (&self.cluster.clock, &self.cluster.dice);
        clock.sleep(dice.millis(1..20)).await;
        let faults = self.cluster.world().faults;
        if faults.outage {
            return Err(Closed);
        }
        if !dice.happens(faults.calls) {
            let outcome = perform(self, call);
            clock.sleep(dice.millis(1..20)).await;
            return Ok(outcome);
        }
        self.cluster.world().tally.faults += 1;
        match dice.number(0..8) {
            0 => Ok(Err(Refusal {
                retry_after_seconds: Some(2),
                ..Refusal::new(429, "TooManyRequests", "slow down")
            })),
            1 => Ok(Err(Refusal::new(500, "InternalError", "etcdserver: leader changed"))),
            2 => Ok(Err(Refusal::new(503, "ServiceUnavailable", "not now"))),
            3 => Err(Closed),
            4 => {
                // It had its effect, and nobody hears of it.
                let _ = perform(self, call);
                Err(Closed)
            }
            5 => {
                let _ = perform(self, call);
                Ok(Err(Refusal::new(504, "Timeout", "request did not complete within the allotted timeout")))
            }
            6 => {
                let _ = perform(self, call);
                std::future::pending().await
            }
            _ => {
                clock.sleep(dice.millis(100..14_000)).await;
                Ok(perform(self, call))
            }
        }
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Answer>;
    type Error = Closed;
    type Future = BoxFuture<'static, Result<Self::Response, Closed>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().answer(request).boxed()
    }
}

/// The effect of a call on the store.
fn perform(connection: &Connection, call: &Call) -> Result<Answered, Refusal> {
    if let Verb::List { limit, after } = &call.verb {
        return Ok(Answered::Page(list(&connection.cluster, call, *limit, after.as_deref())));
    }
    perform_on_one(connection, call).map(Answered::One)
}

fn perform_on_one(connection: &Connection, call: &Call) -> Result<Arc<Value>, Refusal> {
    let cluster = &connection.cluster;
    let (plural, name) = (call.plural.as_str(), call.name.as_str());
    let missing = || Refusal::new(404, "NotFound", format!("{plural} {name:?} not found"));
    let place = (plural.to_owned(), name.to_owned());
    let commit = |verb, change: Change<'_>| cluster.commit(connection.actor, verb, (plural, name), change);
    match &call.verb {
        Verb::Get { stale: false } => cluster.world().store.get(plural, name).cloned().ok_or_else(missing),
        Verb::Get { stale: true } => {
            let version = cluster.world().store.version().saturating_sub(cluster.dice.number(0..60));
            cluster.world().store.get_at(plural, name, version).ok_or_else(missing)
        }
        Verb::List { .. } | Verb::Watch => Err(missing()),
        Verb::Create => commit("create", Box::new(|store, now| store.create(plural, call.body.clone(), now))),
        Verb::Patch { kind, status } => {
            let patch = Patch { kind: *kind, status: *status, body: &call.body };
            commit("patch", Box::new(move |store, now| store.patch(&place, &patch, now)))
        }
        Verb::Delete => {
            let uid = at(&call.body, "/preconditions/uid").and_then(Value::as_str);
            let grace = at(&call.body, "/gracePeriodSeconds").and_then(Value::as_i64);
            commit("delete", Box::new(move |store, now| store.delete(&place, uid, grace, now)))
        }
    }
}

type Change<'a> = Box<dyn FnOnce(&mut Store, jiff::Timestamp) -> Result<Arc<Value>, Refusal> + 'a>;

/// What a call that was performed gives.
#[derive(Clone)]
pub enum Answered {
    /// An object.
    One(Arc<Value>),
    /// Part of a list.
    Page(Page),
}

/// Part of a list.
#[derive(Clone)]
pub struct Page {
    items: Vec<Arc<Value>>,
    version: u64,
    /// Where the next page starts, if there is one.
    pub more: Option<String>,
}

impl Page {
    fn json(&self, store: &Store) -> Bytes {
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": self.more});
        let begin = format!(r#"{{"kind":"List","apiVersion":"v1","metadata":{metadata},"items":["#);
        let items: Vec<Bytes> = self.items.iter().map(|item| store.json(item)).collect();
        Bytes::from([begin.as_bytes(), &items.join(&b","[..]), b"]}"].concat())
    }
}

/// One page. The next one starts after the last name of this one.
fn list(cluster: &Cluster, call: &Call, limit: usize, after: Option<&str>) -> Page {
    let world = cluster.world();
    let matching = world.store.all(&call.plural).filter(|object| call.selects(object));
    let beyond = |object: &&Arc<Value>| after.is_none_or(|after| text(object, "/metadata/name") > after);
    let mut items: Vec<Arc<Value>> = matching.filter(beyond).take(limit + 1).cloned().collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more).map(|item| text(item, "/metadata/name").to_owned());
    Page { items, version: world.store.version(), more: last }
}

fn status(refusal: &Refusal) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": refusal.code, "reason": refusal.reason, "message": refusal.message,
        "details": {"retryAfterSeconds": refusal.retry_after_seconds.unwrap_or(0)},
    })
}
