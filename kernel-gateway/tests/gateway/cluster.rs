//! The labs of a namespace, served as an API server serves them, with an operator that does as the test wants.
//!
//! It shows what the spawner makes of a cluster's words. Whether a cluster says them is asked of a real one, by
//! `cargo xtask test --only cluster`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use axum::{Json, Router};
use futures::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::watch;

/// What becomes of a lab that shall run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It answers, after a moment in which it waits for a node.
    Answers,
    /// It waits for ever.
    Waits,
    /// It cannot start.
    Fails,
}

/// A cluster on a free port.
#[derive(Clone)]
pub struct Cluster {
    pub addr: SocketAddr,
    world: Arc<Mutex<World>>,
    version: watch::Sender<u64>,
}

struct World {
    fate: Fate,
    labs: BTreeMap<String, Value>,
    events: Vec<Value>,
    /// Versions up to this one are forgotten.
    forgotten: u64,
    /// Answers to every call, when set.
    refuses: Option<(StatusCode, &'static str)>,
    pods: u64,
    /// What was done to labs, as a Role grants it.
    verbs: BTreeSet<&'static str>,
}

impl Cluster {
    pub async fn start(fate: Fate) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("bound");
        let (labs, events) = (BTreeMap::new(), Vec::new());
        let world =
            World { fate, labs, events, forgotten: 0, refuses: None, pods: 0, verbs: BTreeSet::new() };
        let cluster = Self { addr, world: Arc::new(Mutex::new(world)), version: watch::Sender::new(1) };
        let labs = "/apis/nearside.dev/v1alpha1/namespaces/labs/labs";
        let router = Router::new()
            .route(labs, get(read))
            .route(&format!("{labs}/{{name}}"), patch(write))
            .with_state(cluster.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        cluster
    }

    pub fn lab(&self, name: &str) -> Option<Value> {
        self.world().labs.get(name).cloned()
    }

    pub fn labs(&self) -> Vec<Value> {
        self.world().labs.values().cloned().collect()
    }

    /// Every verb that was used, in alphabetical order.
    pub fn verbs(&self) -> Vec<&'static str> {
        self.world().verbs.iter().copied().collect()
    }

    /// From now on every call is answered like this, or as it should be.
    pub fn refuse(&self, with: Option<(StatusCode, &'static str)>) {
        self.world().refuses = with;
    }

    /// Ends every watch with the news that what came before is forgotten.
    pub fn forget(&self) {
        let mut world = self.world();
        world.forgotten = *self.version.borrow();
        let gone = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "metadata": {}}});
        self.tell(&mut world, gone);
    }

    /// The operator says so about a lab.
    pub fn report(&self, name: &str, status: Value) {
        let mut world = self.world();
        let mut lab = world.labs[name].clone();
        let generation = lab["metadata"]["generation"].clone();
        lab["status"] = status;
        lab["status"]["observedGeneration"] = generation;
        self.put(&mut world, lab);
    }

    /// Somebody deletes a lab.
    pub fn delete(&self, name: &str) {
        let mut world = self.world();
        let lab = world.labs.remove(name).expect("there is such a lab");
        self.tell(&mut world, json!({"type": "DELETED", "object": lab}));
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("unpoisoned")
    }

    fn put(&self, world: &mut World, mut lab: Value) {
        lab["metadata"]["resourceVersion"] = json!((*self.version.borrow() + 1).to_string());
        let name = lab["metadata"]["name"].as_str().expect("a name").to_owned();
        world.labs.insert(name, lab.clone());
        self.tell(world, json!({"type": "MODIFIED", "object": lab}));
    }

    fn tell(&self, world: &mut World, event: Value) {
        world.events.push(event);
        self.version.send_modify(|version| *version += 1);
    }

    /// What the operator makes of a changed lab.
    fn reconcile(&self, world: &mut World, lab: &Value) {
        let say = |world: &mut World, mut status: Value| {
            let mut lab = lab.clone();
            status["observedGeneration"] = lab["metadata"]["generation"].clone();
            lab["status"] = status;
            self.put(world, lab);
        };
        if lab["spec"]["running"] == false {
            return say(
                world,
                json!({"phase": "Stopped", "message": "the lab is stopped; its home is kept"}),
            );
        }
        say(world, json!({"phase": "Starting", "message": "looking for a node with room"}));
        world.pods += 1;
        let answers = json!({"phase": "Ready", "message": "the lab answers", "address": "127.0.0.1:9",
                             "podUid": format!("pod-{}", world.pods), "secretUid": lab["metadata"]["uid"]});
        match world.fate {
            Fate::Answers => say(world, answers),
            Fate::Waits => {}
            Fate::Fails => {
                say(world, json!({"phase": "Failed", "message": "the environment does not exist"}))
            }
        }
    }
}

async fn read(
    State(cluster): State<Cluster>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, No> {
    refused(&cluster)?;
    let watches = query.contains_key("watch");
    cluster.world().verbs.insert(if watches { "watch" } else { "list" });
    if !watches {
        let version = cluster.version.borrow().to_string();
        let metadata = json!({"resourceVersion": version});
        return Ok(Json(json!({"metadata": metadata, "items": cluster.labs()})).into_response());
    }
    let after: u64 = query["resourceVersion"].parse().expect("a version of ours");
    if after < cluster.world().forgotten {
        return Err(No(StatusCode::GONE, "too old"));
    }
    // The event with index n led to version n + 2.
    let lines = unfold((cluster.version.subscribe(), after - 1), move |(mut version, next)| {
        let cluster = cluster.clone();
        async move {
            version.wait_for(|version| *version > next + 1).await.ok()?;
            let event = cluster.world().events[usize::try_from(next).expect("few events")].clone();
            Some((Ok::<_, std::io::Error>(format!("{event}\n")), (version, next + 1)))
        }
    });
    Ok(Body::from_stream(lines).into_response())
}

async fn write(
    State(cluster): State<Cluster>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, No> {
    refused(&cluster)?;
    let said: Value = serde_json::from_slice(&body).expect("JSON");
    let applied = headers["content-type"] == "application/apply-patch+yaml";
    let mut world = cluster.world();
    let before = world.labs.get(&name).cloned();
    world.verbs.insert("patch");
    if before.is_none() && applied {
        world.verbs.insert("create");
    }
    if before.is_none() && !applied {
        return Err(No(StatusCode::NOT_FOUND, "no such lab"));
    }
    let uid = said["metadata"]["uid"].as_str();
    if uid.is_some_and(|uid| before.as_ref().is_some_and(|lab| lab["metadata"]["uid"] != uid)) {
        return Err(No(StatusCode::CONFLICT, "another lab has this name"));
    }
    let new =
        || json!({"metadata": {"name": name, "uid": uuid::Uuid::new_v4(), "generation": 0}, "spec": {}});
    let mut lab = before.clone().unwrap_or_else(new);
    for (field, value) in said["spec"].as_object().expect("a spec") {
        lab["spec"][field] = value.clone();
    }
    if before.is_none_or(|before| before["spec"] != lab["spec"]) {
        lab["metadata"]["generation"] = json!(lab["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
        cluster.put(&mut world, lab.clone());
        cluster.reconcile(&mut world, &lab);
    }
    Ok(Json(lab))
}

fn refused(cluster: &Cluster) -> Result<(), No> {
    cluster.world().refuses.map_or(Ok(()), |(status, why)| Err(No(status, why)))
}

/// A refusal, as the API server words it.
struct No(StatusCode, &'static str);

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        (status, Json(json!({"kind": "Status", "code": status.as_u16(), "message": why}))).into_response()
    }
}
