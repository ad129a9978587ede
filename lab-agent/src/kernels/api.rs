//! The REST calls about kernels and kernelspecs, with the models and codes of Jupyter's server.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::kernel::Kernel;
use super::launch::StartRequest;
use super::model::KernelModel;
use super::spec::{self, KernelSpec};
use crate::agent::Agent;
use crate::environment::Variable;
use crate::error::ApiError;

/// The body of `POST /api/kernels`.
#[derive(Default, Deserialize)]
struct NewKernel {
    name: Option<String>,
    path: Option<String>,
    #[serde(default)]
    env: Option<Map<String, Value>>,
}

/// A JSON body; an empty one is the default.
pub fn body<T: DeserializeOwned + Default>(bytes: &Bytes) -> Result<T, ApiError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::BadRequest(format!("the body is not usable: {error}")))
}

/// `GET /api/kernelspecs`
pub async fn specs(State(agent): State<Agent>) -> Json<Value> {
    let specs = spec::all(&agent.config.lab);
    let models: Map<String, Value> =
        specs.iter().map(|(name, spec)| (name.clone(), spec_model(&agent, spec))).collect();
    let default = if specs.contains_key(spec::DEFAULT) { Some(spec::DEFAULT) } else { None };
    let default = default.or_else(|| specs.keys().next().map(String::as_str)).unwrap_or(spec::DEFAULT);
    Json(json!({"default": default, "kernelspecs": models}))
}

/// `GET /api/kernelspecs/{name}`
pub async fn spec(State(agent): State<Agent>, Path(name): Path<String>) -> Result<Json<Value>, ApiError> {
    let spec = spec::find(&agent.config.lab, &name).ok_or(ApiError::NoSuchSpec(name))?;
    Ok(Json(spec_model(&agent, &spec)))
}

fn spec_model(agent: &Agent, spec: &KernelSpec) -> Value {
    let base = &agent.config.lab.base_url;
    let resources: Map<String, Value> = spec
        .resources()
        .into_iter()
        .map(|(key, file)| (key, format!("{base}kernelspecs/{}/{file}", spec.name).into()))
        .collect();
    json!({"name": spec.name, "spec": spec.json, "resources": resources})
}

/// `GET /kernelspecs/{name}/{file}`: only the files that the model names.
pub async fn resource(
    State(agent): State<Agent>,
    Path((name, file)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let spec = spec::find(&agent.config.lab, &name).ok_or_else(|| ApiError::NoSuchSpec(name.clone()))?;
    let missing = || ApiError::NoSuchResource(name.clone());
    let file = spec.resources().into_values().find(|known| *known == file).ok_or_else(missing)?;
    let contents = tokio::fs::read(spec.directory.join(&file)).await.map_err(|_| missing())?;
    Ok(([(header::CONTENT_TYPE, media_type(&file))], contents).into_response())
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        _ => "application/octet-stream",
    }
}

/// `GET /api/kernels`
pub async fn list(State(agent): State<Agent>) -> Json<Vec<KernelModel>> {
    Json(agent.kernels.list().iter().map(|kernel| kernel.model()).collect())
}

/// `POST /api/kernels`
pub async fn start(State(agent): State<Agent>, bytes: Bytes) -> Result<Response, ApiError> {
    let NewKernel { name, path, env } = body::<Option<NewKernel>>(&bytes)?.unwrap_or_default();
    let variables = variables(env.unwrap_or_default(), agent.config.limits.kernel_env_bytes)?;
    let kernel = agent.kernels.start(StartRequest { spec: name, path, variables }).await?;
    let location = format!("{}api/kernels/{}", agent.config.lab.base_url, kernel.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(kernel.model())).into_response())
}

/// Of the variables that a client sends, those that Jupyter's gateway clients mean for the kernel.
fn variables(env: Map<String, Value>, limit_bytes: usize) -> Result<Vec<Variable>, ApiError> {
    let meant = env.into_iter().filter(|(name, _)| name.starts_with("KERNEL_"));
    meant
        .map(|(name, value)| match value {
            Value::String(text) if text.len() <= limit_bytes && !text.contains('\0') => {
                Ok((name.into(), text.into()))
            }
            _ => {
                Err(ApiError::BadRequest(format!("env.{name} must be a text of at most {limit_bytes} bytes")))
            }
        })
        .collect()
}

/// The kernel that a path names.
pub fn named(agent: &Agent, id: &str) -> Result<Arc<Kernel>, ApiError> {
    let kernel = id.parse().ok().and_then(|id| agent.kernels.get(id));
    kernel.ok_or_else(|| ApiError::NoSuchKernel(id.to_owned()))
}

/// `GET /api/kernels/{id}`
pub async fn show(State(agent): State<Agent>, Path(id): Path<String>) -> Result<Json<KernelModel>, ApiError> {
    Ok(Json(named(&agent, &id)?.model()))
}

/// `DELETE /api/kernels/{id}`
pub async fn shut_down(State(agent): State<Agent>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    named(&agent, &id)?.shut_down().await;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/kernels/{id}/interrupt`
pub async fn interrupt(State(agent): State<Agent>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    named(&agent, &id)?.interrupt().await.map_err(ApiError::Interrupt)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/kernels/{id}/restart`
pub async fn restart(
    State(agent): State<Agent>,
    Path(id): Path<String>,
) -> Result<Json<KernelModel>, ApiError> {
    let kernel = named(&agent, &id)?;
    kernel.restart().await.ok_or(ApiError::NoSuchKernel(id))??;
    Ok(Json(kernel.model()))
}
