//! Where a job is: looking, waiting, starting and stopping.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use http::{HeaderMap, header};

use super::job::Job;
use super::phase::Phase;
use super::runner::Runner;
use super::{Reply, document, find, job_url};
use crate::app::App;
use crate::dali::{self, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::vosi::XML;

/// How often a waiting request looks for what happened at another server, of which nothing is heard here.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `GET /async/{id}`: the job. `WAIT=seconds` blocks while its phase stays what it is, or what `PHASE` says
/// (UWS 1.1 section 2.2.1.1).
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Reply {
    let url = job_url(&app, request.headers(), &id);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let job = wait(&app, &caller, &id, &parameters).await?;
    Ok(dali::document(XML, document::job(&job, &url)?))
}

async fn wait(app: &App, caller: &Caller, id: &str, parameters: &Parameters) -> Result<Job, Refusal> {
    let mut changes = app.running.changes();
    let mut job = find(app, caller, id).await?;
    let Some(longest) = parameters.get("WAIT") else { return Ok(job) };
    let seconds: i64 = longest.parse().map_err(|_| Refusal::Value {
        name: "WAIT",
        value: longest.chars().take(80).collect(),
        hint: "it is a number of seconds; -1 waits as long as the server does".to_owned(),
    })?;
    let most = app.config.jobs.longest_wait;
    let longest = u64::try_from(seconds).map_or(most, |seconds| most.min(Duration::from_secs(seconds)));
    let deadline = tokio::time::Instant::now() + longest;
    let awaited = parameters.get("PHASE").and_then(|name| name.parse().ok()).unwrap_or(job.phase);
    let moves = |phase: Phase| Phase::ACTIVE.contains(&phase) || phase == Phase::Pending;
    while job.phase == awaited && moves(job.phase) {
        let next = deadline.min(tokio::time::Instant::now() + LOOK_AGAIN);
        let heard = tokio::time::timeout_at(next, changes.changed()).await;
        job = find(app, caller, id).await?;
        if heard.is_err() && next == deadline {
            break;
        }
    }
    Ok(job)
}

/// `GET /async/{id}/phase`.
pub(crate) async fn phase(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Reply {
    Ok(dali::text(find(&app, &caller, &id).await?.phase.name()))
}

/// `POST /async/{id}/phase`: `PHASE=RUN` or `PHASE=ABORT`. What has happened already is no error.
pub(crate) async fn set_phase(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Reply {
    let url = job_url(&app, request.headers(), &id);
    let wants_200 = is_astroquery(request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let asked = parameters.required("PHASE")?;
    let job = find(&app, &caller, &id).await?;
    match asked.to_ascii_uppercase().as_str() {
        "RUN" if job.phase.is_final() => {
            let hint = "create a new job with its parameters";
            return Err(Refusal::WrongPhase { id, phase: job.phase.name(), hint }.into());
        }
        "RUN" => Runner::new(&app).start(&job).await?,
        "ABORT" => drop(Runner::new(&app).abort(&id).await?),
        _ => {
            let (name, value, hint) = ("PHASE", asked.to_owned(), "it is RUN or ABORT".to_owned());
            return Err(Refusal::Value { name, value, hint }.into());
        }
    }
    Ok(if wants_200 { dali::text("") } else { see_other(&url) })
}

/// astroquery takes the redirection that UWS prescribes for a failure.
pub(super) fn is_astroquery(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.contains("astroquery")
}
