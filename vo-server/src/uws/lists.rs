//! `/async` and `/jobs/async`: the caller's jobs, and removing several of them.

use axum::extract::{Request, State};
use axum::response::Response;

use super::filter::Filter;
use super::job::Job;
use super::jobs::Jobs;
use super::runner::Runner;
use super::service::Service;
use super::{Reply, document, find, jobs_url};
use crate::app::App;
use crate::dali;
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::vosi::XML;

/// `GET /async`: the caller's jobs. Nobody in particular has no list.
pub(crate) async fn list(State(app): State<App>, caller: Caller, request: Request) -> Reply {
    Ok(references(&app, &caller, Service::Tap, request).await?)
}

/// `GET /transfers` (VOSpace 2.1 section 5.4): the caller's transfers.
pub(crate) async fn of_transfers(app: &App, caller: &Caller, request: Request) -> Result<Response, Refusal> {
    references(app, caller, Service::Transfers, request).await
}

async fn references(
    app: &App,
    caller: &Caller,
    service: Service,
    request: Request,
) -> Result<Response, Refusal> {
    let url = jobs_url(app, request.headers(), service);
    let jobs = filtered(app, caller, service, request).await?;
    Ok(dali::document(XML, document::jobs(&jobs, &url)?))
}

/// `GET /jobs/async` (TAP+): the same jobs, whole.
pub(crate) async fn search(State(app): State<App>, caller: Caller, request: Request) -> Reply {
    let url = jobs_url(&app, request.headers(), Service::Tap);
    let jobs = filtered(&app, &caller, Service::Tap, request).await?;
    Ok(dali::document(XML, document::jobs_whole(&jobs, &url)?))
}

async fn filtered(
    app: &App,
    caller: &Caller,
    service: Service,
    request: Request,
) -> Result<Vec<Job>, Refusal> {
    let filter = Filter::read(&Parameters::read(request, &app.config.traffic).await?)?;
    match caller {
        Caller::Anonymous => Ok(Vec::new()),
        Caller::Person(name) => Ok(Jobs::new(&app.state).list(service, name.as_str(), &filter).await?),
    }
}

/// `POST /deletejobs` (TAP+): `JOB_IDS=a,b`. Jobs that are not there are as good as deleted.
pub(crate) async fn delete_several(State(app): State<App>, caller: Caller, request: Request) -> Reply {
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    for id in parameters.required("JOB_IDS")?.split(',').map(str::trim) {
        match find(&app, &caller, id).await {
            Ok(job) => Runner::new(&app).remove(&job.id).await?,
            Err(Refusal::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(dali::text("deleted\n"))
}
