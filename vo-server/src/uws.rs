//! UWS 1.1: jobs that run while nobody waits.
//!
//! `lists`, `submit`, `status` and `properties` have the addresses of jobs; `jobs` keeps them, `runner` runs them,
//! `upkeep` takes over those of servers that ended, `document` writes them. A job of a person is there for that person alone; a job of nobody in particular is there for
//! whoever knows its name.

mod document;
mod filter;
mod job;
mod jobs;
pub(crate) mod lists;
mod pace;
mod phase;
pub(crate) mod properties;
mod results;
mod runner;
mod running;
mod service;
pub(crate) mod status;
pub(crate) mod submit;
mod upkeep;
mod uploads;

use std::path::PathBuf;

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;

use crate::app::App;
use crate::dali::{Answer, see_other};
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::state::StateError;
pub(crate) use job::Job;
use jobs::Jobs;
pub(crate) use pace::Pace;
pub(crate) use runner::Runner;
pub(crate) use running::Running;
use service::Service;
pub(crate) use upkeep::Upkeep;

type Reply = Result<Response, Answer>;

/// `DELETE /async/{id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Reply {
    remove(&app, &caller, &id, &jobs_url(&app, &headers, Service::of(&id))).await
}

async fn remove(app: &App, caller: &Caller, id: &str, url: &str) -> Reply {
    let job = find(app, caller, id).await?;
    Runner::new(app).remove(&job.id).await?;
    Ok(see_other(url))
}

/// The result of a job, for a query that reads it as a table.
pub(crate) async fn stored_result(
    app: &App,
    caller: &Caller,
    id: &str,
    limit_bytes: u64,
) -> Result<Bytes, Refusal> {
    let job = find(app, caller, id).await?;
    let size = job.result.as_ref().and_then(|result| u64::try_from(result.bytes).ok());
    let size = size.ok_or_else(|| Refusal::NotFound { what: format!("result of job {}", job.id) })?;
    if size > limit_bytes {
        return Err(Refusal::TooLarge { limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX) });
    }
    let path = results::path(&app.state, &job.id, job.run);
    let bytes = tokio::fs::read(&path).await.map_err(|source| StateError::File { path, source })?;
    Ok(bytes.into())
}

/// The file with the result of a job.
pub(crate) async fn result_file(app: &App, caller: &Caller, id: &str) -> Result<PathBuf, Refusal> {
    let job = find(app, caller, id).await?;
    match job.result {
        Some(_) => Ok(results::path(&app.state, &job.id, job.run)),
        None => {
            Err(Refusal::NotFound { what: format!("result of job {}: it is {}", job.id, job.phase.name()) })
        }
    }
}

/// The job, if the caller may know of it.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Job, Refusal> {
    let job = Jobs::new(&app.state).find(id).await?;
    let job = job.filter(|job| job.owner.is_empty() || job.owner == caller.name());
    job.ok_or_else(|| {
        let id: String = id.chars().take(80).collect();
        Refusal::NotFound { what: format!("job {id}: it was removed, or it is somebody else's") }
    })
}

/// Where the jobs of a service are.
fn jobs_url(app: &App, headers: &HeaderMap, service: Service) -> String {
    format!("{}{}", public_url(app, headers), service.path())
}

/// Where a job is.
fn job_url(app: &App, headers: &HeaderMap, id: &str) -> String {
    format!("{}/{id}", jobs_url(app, headers, Service::of(id)))
}
