//! The other properties of a job, and its result.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_util::io::ReaderStream;

use super::job::Job;
use super::jobs::Jobs;
use super::{Reply, document, filter, find, job_url, results};
use crate::app::App;
use crate::dali::{self, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::state::{StateError, now};
use crate::vosi::XML;

/// `GET /async/{id}/{part}`: one of the other properties of a job.
pub(crate) async fn part(
    State(app): State<App>,
    caller: Caller,
    Path((id, part)): Path<(String, String)>,
    headers: HeaderMap,
) -> Reply {
    let job = find(&app, &caller, &id).await?;
    Ok(match part.as_str() {
        "executionduration" => dali::text(job.execution_seconds.to_string()),
        "destruction" => dali::text(document::time(job.destruction_at)),
        "quote" => dali::text(document::quote(&job).unwrap_or_default()),
        "owner" => dali::text(job.owner),
        "results" => {
            let url = job_url(&app, &headers, &id);
            dali::document(XML, document::results(&job, &url)?)
        }
        "error" => {
            dali::document(dali::VOTABLE, dali::error_document(job.message.as_deref().unwrap_or_default()))
        }
        _ => return Err(no_part(&part).into()),
    })
}

/// `POST /async/{id}/destruction` and `/executionduration`. Times beyond the limits become the limits.
pub(crate) async fn set_part(
    State(app): State<App>,
    caller: Caller,
    Path((id, part)): Path<(String, String)>,
    request: Request,
) -> Reply {
    let url = job_url(&app, request.headers(), &id);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let job = find(&app, &caller, &id).await?;
    let (jobs, limits) = (Jobs::new(&app.state), &app.config.jobs);
    match part.as_str() {
        "destruction" => {
            let asked = filter::instant("DESTRUCTION", parameters.required("DESTRUCTION")?)?;
            jobs.set_destruction(&id, asked.min(now() + limits.longest_destruction_seconds)).await?;
        }
        "executionduration" => {
            let asked = parameters.required("EXECUTIONDURATION")?;
            let seconds = asked.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
            let seconds = seconds.ok_or_else(|| Refusal::Value {
                name: "EXECUTIONDURATION",
                value: asked.chars().take(80).collect(),
                hint: "it is a number of seconds; 0 is as long as possible".to_owned(),
            })?;
            let most = limits.execution_seconds;
            let seconds = if seconds == 0 { most } else { seconds.min(most) };
            if !jobs.set_duration(&id, seconds).await? {
                let hint = "its duration can be changed only before it is started";
                return Err(Refusal::WrongPhase { id, phase: job.phase.name(), hint }.into());
            }
        }
        _ => return Err(no_part(&part).into()),
    }
    Ok(see_other(&url))
}

/// `GET /async/{id}/results/result`: the answer, as it was written.
pub(crate) async fn result(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Reply {
    Ok(result_of(&app, find(&app, &caller, &id).await?).await?)
}

/// What a job gave.
pub(crate) async fn result_of(app: &App, job: Job) -> Result<Response, Refusal> {
    let Some(result) = job.result else {
        let what = || format!("result of job {}: it is {}", job.id, job.phase.name());
        return Err(match job.message {
            Some(message) => Refusal::JobFailed { message },
            None => Refusal::NotFound { what: what() },
        });
    };
    let path = results::path(&app.state, &job.id, job.run);
    let file = tokio::fs::File::open(&path).await;
    let file = file.map_err(|source| StateError::File { path, source })?;
    let name = format!("attachment;filename=\"{}-result.{}\"", job.id, result.extension);
    let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    let headers = [
        (header::CONTENT_TYPE, value(&result.media_type)),
        (header::CONTENT_DISPOSITION, value(&name)),
        (header::CONTENT_LENGTH, value(&result.bytes.to_string())),
    ];
    Ok((StatusCode::OK, headers, Body::from_stream(ReaderStream::new(file))).into_response())
}

fn no_part(part: &str) -> Refusal {
    let part: String = part.chars().take(80).collect();
    Refusal::NotFound { what: format!("part {part} of a job") }
}
