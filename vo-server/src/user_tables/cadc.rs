//! Tables as CADC's prototype of TAP makes them, which pyvo speaks: `PUT` and `DELETE` at `tables/{name}`, `POST` at
//! `load/{name}` for more rows, and `table-update` for an index, as a job (youcat of OpenCADC, and pyvo's `cadc-tb-upload`).

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use catalogue::engine::Guest;
use http::{StatusCode, header};
use tokio::time::timeout;
use user_space::{TableName, Way, schema_of};

use super::{Target, delete, own, put, space};
use crate::app::App;
use crate::dali::{self, Answer, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::{upload, uws, witness};
use api::names::Username;
use audit::Verb;

/// `PUT tables/{name}`: a table without rows, with the columns of a VOSI table or of a VOTable.
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Answer> {
    let owner = caller.person()?.clone();
    let name = own(&owner, &name)?;
    let is_votable = content_type(&request).contains("votable");
    let bytes = body(&app, request).await?;
    let read = if is_votable {
        upload::guest(name.to_string(), &bytes)
    } else {
        upload::vosi(name.to_string(), &bytes)
    };
    let Guest { columns, rows, .. } = read?;
    let nothing = rows.iter().map(|batch| batch.slice(0, 0)).collect();
    put(&app, target(&owner, &name, Way::Create), columns, nothing).await?;
    let mut made = dali::text(format!("{}.{name} was made\n", schema_of(&owner)));
    *made.status_mut() = StatusCode::CREATED;
    Ok(made)
}

/// `DELETE tables/{name}`.
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Answer> {
    let owner = caller.person()?.clone();
    let name = own(&owner, &name)?;
    let deleting = delete(space(&app)?, &owner, &name, false);
    witness::change(&app, &owner, Verb::Drop, (&owner, &name), deleting).await?;
    Ok(dali::text(format!("{}.{name} was deleted\n", schema_of(&owner))))
}

/// `POST load/{name}`: more rows, as text with tabs or commas and a line of names.
pub(crate) async fn load(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Answer> {
    let owner = caller.person()?.clone();
    let name = own(&owner, &name)?;
    let kind = content_type(&request);
    let delimiter = match kind.split(';').next().unwrap_or_default() {
        "text/csv" => b',',
        "text/tab-separated-values" => b'\t',
        other => {
            let hint = "it is text/csv or text/tab-separated-values".to_owned();
            let value = other.chars().take(80).collect();
            return Err(Refusal::Value { name: "Content-Type", value, hint }.into());
        }
    };
    let tables = app.catalogue.tables(&caller.user()).await?;
    let schema = schema_of(&owner);
    let table = tables.iter().find(|table| table.schema == schema && table.name == name.as_str());
    let columns = Arc::clone(&table.ok_or_else(|| super::no_table(&owner, &name))?.arrow_schema);
    let bytes = body(&app, request).await?;
    let told = name.to_string();
    let shape = Arc::clone(&columns);
    let read = tokio::task::spawn_blocking(move || upload::text_of(&told, &bytes, delimiter, &shape));
    let rows = read.await.map_err(super::died)??;
    let count = put(&app, target(&owner, &name, Way::Append), columns, vec![rows]).await?;
    Ok(dali::text(format!("{schema}.{name} has {count} rows more\n")))
}

/// `POST table-update` with TABLE and INDEX: a job, to be started, that reads the column. Tables here are read by what their
/// files say of their values, and there is nothing else to build; that values are unique is not watched.
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let owner = caller.person()?.clone();
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let name = own(&owner, parameters.required("TABLE")?)?;
    let column = parameters.required("INDEX")?.trim_matches('"').replace('"', "\"\"");
    if parameters.get("UNIQUE").is_some_and(|unique| unique.eq_ignore_ascii_case("true")) {
        let hint = "values are not watched here: ask for an index that is not unique".to_owned();
        return Err(Refusal::Value { name: "UNIQUE", value: "true".to_owned(), hint }.into());
    }
    let query =
        format!("SELECT COUNT(\"{column}\") AS indexed_values FROM \"{}\".\"{name}\"", schema_of(&owner));
    let parameters = [("query", query), ("lang", "ADQL".to_owned()), ("format", "csv".to_owned())];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
    let job = uws::submit::query(&app, &caller, parameters).await?;
    Ok(see_other(&format!("{base}/tap-server/tap/async/{}", job.id)))
}

fn target(owner: &Username, name: &TableName, way: Way) -> Target {
    Target { actor: owner.clone(), owner: owner.clone(), name: name.clone(), way }
}

fn content_type(request: &Request) -> String {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.unwrap_or_default().to_ascii_lowercase()
}

async fn body(app: &App, request: Request) -> Result<Bytes, Refusal> {
    let traffic = &app.config.traffic;
    let body = timeout(traffic.body_within, to_bytes(request.into_body(), traffic.body_bytes)).await;
    let body = body.map_err(|_| Refusal::TooSlow)?;
    body.map_err(|_| Refusal::TooLarge { limit_bytes: traffic.body_bytes })
}
