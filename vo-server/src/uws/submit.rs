//! New jobs, and the parameters of those that have not been started.

use axum::extract::{Path, Request, State};

use super::job::Job;
use super::jobs::Jobs;
use super::phase::Phase;
use super::runner::Runner;
use super::service::Service;
use super::status::is_astroquery;
use super::{Reply, document, find, job_url, jobs_url, remove};
use crate::app::App;
use crate::dali::{self, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::state::now;
use crate::usage;
use crate::vosi::XML;

/// `POST /async`: a new job, started with `PHASE=RUN`. A query that is wrong makes a job that fails, where clients
/// show the reason; they show none when the job itself is refused.
pub(crate) async fn create(State(app): State<App>, caller: Caller, request: Request) -> Reply {
    let url = jobs_url(&app, request.headers(), Service::Tap);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let limit = app.config.jobs.active_per_user;
    if Jobs::new(&app.state).active(caller.name()).await? >= limit {
        return Err(Refusal::TooManyJobs { limit }.into());
    }
    usage::note(parameters.get("QUERY").unwrap_or_default());
    let job = new_job(&app, &caller, Service::Tap, &parameters);
    Runner::new(&app).store_uploads(&job.id, &parameters).await?;
    Jobs::new(&app.state).insert(&job).await?;
    let run = parameters.get("PHASE").is_some_and(|phase| phase.eq_ignore_ascii_case("RUN"));
    if run && let Err(refusal) = Runner::new(&app).start(&job).await {
        Runner::new(&app).remove(&job.id).await?;
        return Err(refusal.into());
    }
    Ok(see_other(&format!("{url}/{}", job.id)))
}

/// A pending job of a transfer.
pub(crate) async fn transfer(
    app: &App,
    caller: &Caller,
    parameters: impl IntoIterator<Item = (String, String)>,
) -> Result<Job, Refusal> {
    pending(app, caller, Service::Transfers, parameters).await
}

/// A pending job of a query of our own.
pub(crate) async fn query(
    app: &App,
    caller: &Caller,
    parameters: impl IntoIterator<Item = (String, String)>,
) -> Result<Job, Refusal> {
    pending(app, caller, Service::Tap, parameters).await
}

async fn pending(
    app: &App,
    caller: &Caller,
    service: Service,
    parameters: impl IntoIterator<Item = (String, String)>,
) -> Result<Job, Refusal> {
    let jobs = Jobs::new(&app.state);
    let limit = app.config.jobs.active_per_user;
    if jobs.active(caller.name()).await? >= limit {
        return Err(Refusal::TooManyJobs { limit });
    }
    let job = new_job(app, caller, service, &Parameters::of(parameters));
    jobs.insert(&job).await?;
    Ok(job)
}

fn new_job(app: &App, caller: &Caller, service: Service, parameters: &Parameters) -> Job {
    let limits = &app.config.jobs;
    let created_at = now();
    let mut job = Job {
        // The time makes names sort; the rest cannot be guessed.
        id: format!("{}{created_at:x}{}", service.prefix(), hex::encode(rand::random::<[u8; 12]>())),
        owner: caller.name().to_owned(),
        name: String::new(),
        run_id: String::new(),
        phase: Phase::Pending,
        parameters: Vec::new(),
        created_at,
        started_at: None,
        quote_at: None,
        ended_at: None,
        destruction_at: created_at + limits.destruction_seconds,
        execution_seconds: limits.execution_seconds,
        run: 0,
        message: None,
        result: None,
    };
    merge(&mut job, parameters);
    job
}

/// Takes parameters into a job; a new value replaces the old one.
fn merge(job: &mut Job, parameters: &Parameters) {
    for (name, value) in parameters.pairs() {
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "phase" | "action" => {}
            "runid" => value.clone_into(&mut job.run_id),
            "jobname" => value.clone_into(&mut job.name),
            _ => match job.parameters.iter_mut().find(|(known, _)| *known == name) {
                // astroquery sends FORMAT twice; the first counts.
                Some((_, known)) if parameters.get(&name) == Some(value) => value.clone_into(known),
                Some(_) => {}
                None => job.parameters.push((name, value.to_owned())),
            },
        }
    }
}

/// `POST /async/{id}`: `ACTION=DELETE`, or parameters.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Reply {
    let url = jobs_url(&app, request.headers(), Service::Tap);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    if parameters.get("ACTION").is_some_and(|action| action.eq_ignore_ascii_case("DELETE")) {
        return remove(&app, &caller, &id, &url).await;
    }
    let job = find(&app, &caller, &id).await?;
    add_parameters(&app, job, &parameters).await?;
    Ok(see_other(&format!("{url}/{id}")))
}

/// `POST /async/{id}/parameters`.
pub(crate) async fn set_parameters(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Reply {
    let url = job_url(&app, request.headers(), &id);
    let wants_200 = is_astroquery(request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let job = find(&app, &caller, &id).await?;
    add_parameters(&app, job, &parameters).await?;
    Ok(if wants_200 { dali::text("") } else { see_other(&url) })
}

async fn add_parameters(app: &App, mut job: Job, parameters: &Parameters) -> Result<(), Refusal> {
    merge(&mut job, parameters);
    if Jobs::new(&app.state).set_parameters(&job).await? {
        return Ok(Runner::new(app).store_uploads(&job.id, parameters).await?);
    }
    let hint = "parameters can be changed only before it is started";
    Err(Refusal::WrongPhase { id: job.id, phase: job.phase.name(), hint })
}

/// `GET /async/{id}/parameters`.
pub(crate) async fn parameters(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Reply {
    Ok(dali::document(XML, document::parameters(&find(&app, &caller, &id).await?)?))
}
