//! `/transfers` and `/synctrans`: transfers as jobs (VOSpace 2.1 section 5.4). What all jobs have, their phases and
//! times, is answered by `uws`.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, header};
use tokio_util::sync::CancellationToken;

use super::carrying::Carrying;
use super::fault::Fault;
use super::negotiation::Negotiation;
use super::transfer::Transfer;
use super::tree::Element;
use super::{nodes, of};
use crate::app::App;
use crate::dali::{self, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::uws::{self, Job, Runner};
use crate::vosi::XML;

/// The parameter of a job with the transfer as a document.
pub(crate) const DOCUMENT: &str = "transfer";
/// The parameter of a job with the address of the server, as its client calls it.
const ADDRESS: &str = "address";

/// `POST /transfers`: a new job, started with `PHASE=RUN` in the address.
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let runs = request.uri().query().unwrap_or_default().to_ascii_uppercase().contains("PHASE=RUN");
    let base = public_url(&app, request.headers());
    let job = new_job(&app, &caller, &base, request).await?;
    if runs {
        Runner::new(&app).start(&job).await?;
    }
    Ok(see_other(&format!("{base}/vospace/transfers/{}", job.id)))
}

/// `/synctrans`: a transfer at once; of a document a job that has ended, of parameters the details themselves.
pub(super) async fn at_once(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let base = public_url(&app, request.headers());
    if request.method() == Method::POST && is_document(request.headers()) {
        let job = new_job(&app, &caller, &base, request).await?;
        Runner::new(&app).run_at_once(&job).await?;
        return Ok(see_other(&format!("{base}/vospace/transfers/{}/results/transferDetails", job.id)));
    }
    let (space, person) = of(&app, &caller)?;
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let negotiation = Negotiation { app: &app, space, person, base: &base };
    let offered = negotiation.offer(&Transfer::of_parameters(&parameters)?).await?;
    let endpoint = offered.protocols.first().and_then(|protocol| protocol.endpoint.as_deref());
    match (parameters.get("REQUEST"), endpoint) {
        (Some("redirect"), Some(endpoint)) => Ok(see_other(endpoint)),
        _ => Ok(dali::document(XML, offered.document()?)),
    }
}

/// `GET /transfers`: the caller's transfers.
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    of(&app, &caller)?;
    Ok(uws::lists::of_transfers(&app, &caller, request).await?)
}

/// `POST /transfers/{id}`: `ACTION=DELETE`. A transfer is not changed: another is as easily made.
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    let list = format!("{}/vospace/transfers", public_url(&app, request.headers()));
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    if !parameters.get("ACTION").is_some_and(|action| action.eq_ignore_ascii_case("DELETE")) {
        let what =
            "a transfer can be removed with ACTION=DELETE, and not be changed: make another".to_owned();
        return Err(Fault::InvalidArgument { what });
    }
    let job = uws::find(&app, &caller, &id).await?;
    Runner::new(&app).remove(&job.id).await.map_err(Refusal::from)?;
    Ok(see_other(&list))
}

/// `GET /transfers/{id}/results/transferDetails`. Of a transfer that failed there is one without protocols.
pub(super) async fn details(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let job = uws::find(&app, &caller, &id).await?;
    if job.message.is_some() {
        let failed = Transfer { protocols: Vec::new(), ..stored(&job)? };
        return Ok(dali::document(XML, failed.document()?));
    }
    Ok(uws::properties::result_of(&app, job).await?)
}

/// `GET /transfers/{id}/error`: the fault.
pub(super) async fn error(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let job = uws::find(&app, &caller, &id).await?;
    Ok(dali::text(job.message.unwrap_or_default()))
}

/// Carries out the transfer of a job; its details.
pub(crate) async fn carry_out(app: &App, job: &Job) -> Result<Vec<u8>, Refusal> {
    let run = async {
        let caller = Caller::of_name(&job.owner);
        let (space, person) = of(app, &caller)?;
        let base = job.parameter(ADDRESS).unwrap_or_default().to_owned();
        let negotiation = Negotiation { app, space, person, base: &base };
        // When the job is stopped, this is dropped, and what runs on a thread of its own hears of it.
        let stopped = CancellationToken::new();
        let _stop = stopped.clone().drop_guard();
        let done = Carrying { negotiation, stopped }.carry_out(&stored(job)?).await?;
        Ok::<_, Fault>(done.document()?)
    };
    run.await.map_err(|fault| Refusal::JobFailed { message: fault.told() })
}

async fn new_job(app: &App, caller: &Caller, base: &str, request: Request) -> Result<Job, Fault> {
    let (space, _) = of(app, caller)?;
    let transfer = Transfer::of_document(&nodes::sent(space, request).await?)?;
    let document = String::from_utf8_lossy(&transfer.document()?).into_owned();
    let parameters = [("target", transfer.target), (ADDRESS, base.to_owned()), (DOCUMENT, document)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
    Ok(uws::submit::transfer(app, caller, parameters).await?)
}

fn stored(job: &Job) -> Result<Transfer, Fault> {
    Transfer::of_document(&Element::read(job.parameter(DOCUMENT).unwrap_or_default().as_bytes())?)
}

/// Forms have parameters, everything else is a document.
fn is_document(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    !kind.starts_with("application/x-www-form-urlencoded")
        && !kind.starts_with("multipart/")
        && !kind.is_empty()
}
