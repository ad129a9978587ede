//! Jupyter's sessions: which document is paired with which kernel. They live as long as their kernel, and stand in
//! a file for the agent that comes after this one.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

use crate::agent::Agent;
use crate::error::ApiError;
use crate::kernels::{Kernel, Kernels, StartRequest, api, relative};

/// A document and its kernel.
#[derive(Clone)]
struct Session {
    id: Uuid,
    path: String,
    name: String,
    kind: String,
    kernel: Arc<Kernel>,
}

/// The sessions of the lab by id.
pub struct Sessions {
    file: PathBuf,
    known: Mutex<BTreeMap<Uuid, Session>>,
    /// By document, held while its session is made: two requests for one document get one kernel.
    making: Mutex<BTreeMap<String, Arc<AsyncMutex<()>>>>,
}

/// A session as the file has it.
#[derive(Serialize, Deserialize)]
struct Written {
    id: Uuid,
    path: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    kernel: Uuid,
}

/// The body of `POST` and `PATCH`.
#[derive(Default, Deserialize)]
struct Wish {
    path: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    kernel: Option<KernelWish>,
    notebook: Option<Notebook>,
}

#[derive(Default, Deserialize)]
struct KernelWish {
    id: Option<String>,
    name: Option<String>,
}

/// How clients of before 2017 name a document.
#[derive(Deserialize)]
struct Notebook {
    path: Option<String>,
    name: Option<String>,
}

impl Wish {
    fn parse(bytes: &Bytes) -> Result<Self, ApiError> {
        let mut wish: Self = api::body(bytes)?;
        if let Some(notebook) = wish.notebook.take() {
            wish.kind = Some("notebook".into());
            wish.path = notebook.path.or(notebook.name).or(wish.path);
        }
        Ok(wish)
    }
}

impl Session {
    fn model(&self) -> Value {
        let Self { id, path, name, kind, kernel } = self;
        let mut model = json!({"id": id, "path": path, "name": name, "type": kind, "kernel": kernel.model()});
        if kind == "notebook" {
            model["notebook"] = json!({"path": path, "name": name});
        }
        model
    }

    fn is_alive(&self) -> bool {
        !self.kernel.is_gone()
    }
}

impl Sessions {
    /// The sessions that an earlier agent wrote down, as far as their kernels are there.
    pub fn read(run_dir: &std::path::Path, kernels: &Kernels) -> Self {
        let file = run_dir.join("sessions.json");
        let text = fs::read(&file).unwrap_or_default();
        let written: Vec<Written> = serde_json::from_slice(&text).unwrap_or_default();
        let known = written.into_iter().filter_map(|Written { id, path, name, kind, kernel }| {
            Some((id, Session { id, path, name, kind, kernel: kernels.get(kernel)? }))
        });
        Self { file, known: Mutex::new(known.collect()), making: Mutex::default() }
    }

    /// Replaces the file as a whole.
    fn write(&self, known: &BTreeMap<Uuid, Session>) {
        let written: Vec<_> = known.values().map(Written::from).collect();
        let new = self.file.with_extension("new");
        let text = serde_json::to_vec(&written).expect("sessions are JSON");
        if let Err(error) = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.file)) {
            tracing::warn!("an agent that comes after this one will not know the sessions: {error}");
        }
    }

    fn all(&self) -> Vec<Session> {
        let known = self.locked();
        known.values().filter(|session| session.is_alive()).cloned().collect()
    }

    /// The notebook of a kernel, relative to home, also when the kernel is gone.
    pub fn notebook_of(&self, kernel: Uuid) -> Option<PathBuf> {
        let known = self.locked();
        let session =
            known.values().find(|session| session.kernel.id == kernel && session.kind == "notebook")?;
        Some(relative(&session.path))
    }

    fn at(&self, path: &str) -> Option<Session> {
        self.all().into_iter().find(|session| session.path == path)
    }

    fn named(&self, id: &str) -> Result<Session, ApiError> {
        let session = id.parse().ok().and_then(|id: Uuid| self.locked().get(&id).cloned());
        session.ok_or_else(|| ApiError::NoSuchSession(id.to_owned()))
    }

    fn making(&self, path: &str) -> Arc<AsyncMutex<()>> {
        let mut making = self.making.lock().expect("no thread panics while it holds the locks");
        making.retain(|_, lock| Arc::strong_count(lock) > 1);
        making.entry(path.to_owned()).or_default().clone()
    }

    fn keep(&self, session: Session) {
        let mut known = self.locked();
        known.retain(|_, session| session.is_alive());
        known.insert(session.id, session);
        self.write(&known);
    }

    fn forget(&self, id: Uuid) {
        let mut known = self.locked();
        known.remove(&id);
        self.write(&known);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<Uuid, Session>> {
        self.known.lock().expect("no thread panics while it holds the sessions")
    }
}

impl From<&Session> for Written {
    fn from(session: &Session) -> Self {
        let Session { id, path, name, kind, kernel } = session.clone();
        Self { id, path, name, kind, kernel: kernel.id }
    }
}

/// The kernel that a client wishes for: an existing one, or a new one for the document at `path`.
async fn kernel(agent: &Agent, wish: Option<KernelWish>, path: &str) -> Result<Arc<Kernel>, ApiError> {
    let KernelWish { id, name } = wish.unwrap_or_default();
    match id {
        Some(id) => api::named(agent, &id).map_err(|_| ApiError::BadRequest(format!("No such kernel: {id}"))),
        None => {
            let request = StartRequest { spec: name, path: Some(path.to_owned()), variables: Vec::new() };
            Ok(agent.kernels.start(request).await?)
        }
    }
}

/// `GET /api/sessions`
pub async fn list(State(agent): State<Agent>) -> Json<Vec<Value>> {
    Json(agent.sessions.all().iter().map(Session::model).collect())
}

/// `POST /api/sessions`: a document that has a session keeps it.
pub async fn create(State(agent): State<Agent>, bytes: Bytes) -> Result<Response, ApiError> {
    let wish = Wish::parse(&bytes)?;
    let missing = |field: &str| ApiError::BadRequest(format!("Missing field in JSON data: {field}"));
    let path = wish.path.ok_or_else(|| missing("path"))?;
    let kind = wish.kind.ok_or_else(|| missing("type"))?;
    let making = agent.sessions.making(&path);
    let _made_by_us = making.lock().await;
    let session = match agent.sessions.at(&path) {
        Some(session) => session,
        None => {
            let kernel = kernel(&agent, wish.kernel, &path).await?;
            Session { id: Uuid::new_v4(), path, name: wish.name.unwrap_or_default(), kind, kernel }
        }
    };
    agent.sessions.keep(session.clone());
    let location = format!("{}api/sessions/{}", agent.config.lab.base_url, session.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(session.model())).into_response())
}

/// `GET /api/sessions/{id}`
pub async fn show(State(agent): State<Agent>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let session = agent.sessions.named(&id)?;
    match session.is_alive() {
        true => Ok(Json(session.model())),
        false => Err(ApiError::NoSuchSession(id)),
    }
}

/// `PATCH /api/sessions/{id}`: a document that moved, or that wants another kernel.
pub async fn change(
    State(agent): State<Agent>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Json<Value>, ApiError> {
    let wish = Wish::parse(&bytes)?;
    let mut session = agent.sessions.named(&id)?;
    let before = session.kernel.clone();
    if let Some(wish @ (KernelWish { id: Some(_), .. } | KernelWish { name: Some(_), .. })) = wish.kernel {
        session.kernel = kernel(&agent, Some(wish), &session.path).await?;
    }
    session.path = wish.path.unwrap_or(session.path);
    session.name = wish.name.unwrap_or(session.name);
    session.kind = wish.kind.unwrap_or(session.kind);
    agent.sessions.keep(session.clone());
    if before.id != session.kernel.id {
        before.shut_down().await;
    }
    Ok(Json(session.model()))
}

/// `DELETE /api/sessions/{id}`: the kernel goes with it.
pub async fn delete(State(agent): State<Agent>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let session = agent.sessions.named(&id)?;
    agent.sessions.forget(session.id);
    if !session.is_alive() {
        return Err(ApiError::KernelGone(session.id));
    }
    session.kernel.shut_down().await;
    Ok(StatusCode::NO_CONTENT)
}
