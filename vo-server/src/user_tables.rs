//! User space by TAP+: tables that people upload, make of a job's result, describe and drop, in the forms that
//! astroquery sends (`Upload` and `TableTool` of the Gaia archive).

pub(crate) mod cadc;
pub(crate) mod crossmatch;
pub(crate) mod share;
pub(crate) mod tool;

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use audit::Verb;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use catalogue::engine::Guest;
use user_space::{TableName, UserSpace, Way, schema_of};

use crate::app::App;
use crate::dali::{self, Answer};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::{upload, uws, witness};
use api::names::Username;

/// Bytes of a job's result that becomes a table.
const RESULT_BYTES: u64 = 1 << 30;

/// `POST /tap-server/Upload`: a table from a file of the form, or of the job `JOBID`; or none any more, with `DELETE`.
pub(crate) async fn upload(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let (owner, space) = (caller.person()?.clone(), space(&app)?);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let name = own(&owner, parameters.required("TABLE_NAME")?)?;
    if is_true(&parameters, "DELETE") {
        let deleting = delete(space, &owner, &name, is_true(&parameters, "FORCE_REMOVAL"));
        witness::change(&app, &owner, Verb::Drop, (&owner, &name), deleting).await?;
        return Ok(dali::text(format!("{}.{name} was deleted\n", schema_of(&owner))));
    }
    let bytes = contents(&app, &caller, &parameters).await?;
    let description = parameters.get("TABLE_DESC").map(str::to_owned);
    let is_csv = parameters.get("FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("csv"));
    let sent = Sent { bytes, description, is_csv: Some(is_csv) };
    let target = Target { actor: owner.clone(), owner: owner.clone(), name: name.clone(), way: Way::Create };
    let rows = store(&app, target, sent).await?;
    Ok(dali::text(format!("{}.{name} has {rows} rows\n", schema_of(&owner))))
}

/// What becomes a table.
pub(crate) struct Sent {
    pub bytes: Bytes,
    pub description: Option<String>,
    /// Whether it is text with commas, and no VOTable; where it is not said, its beginning tells.
    pub is_csv: Option<bool>,
}

/// The table that is made.
pub(crate) struct Target {
    /// Who makes it.
    pub actor: Username,
    pub owner: Username,
    pub name: TableName,
    pub way: Way,
}

async fn contents(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Bytes, Refusal> {
    if let Some(id) = parameters.get("JOBID") {
        return uws::stored_result(app, caller, id, RESULT_BYTES).await;
    }
    if let Some(url) = parameters.get("URL") {
        let hint = "nothing is fetched from elsewhere: download the file, and upload it".to_owned();
        return Err(Refusal::Value { name: "URL", value: url.chars().take(80).collect(), hint });
    }
    let file = parameters.file("FILE").filter(|file| !file.bytes.is_empty());
    file.map(|file| file.bytes.clone()).ok_or(Refusal::Missing { name: "FILE" })
}

/// Makes a table of what was sent; its rows. The audit log hears of it.
pub(crate) async fn store(app: &App, target: Target, sent: Sent) -> Result<u64, Refusal> {
    let name = target.name.to_string();
    write(app, target, async { read(name, sent).await.map(|table| (table.columns, table.rows)) }).await
}

/// Makes a table of rows, or puts more into one; how many. The audit log hears of it.
async fn put(app: &App, target: Target, columns: SchemaRef, rows: Vec<RecordBatch>) -> Result<u64, Refusal> {
    write(app, target, async { Ok((columns, rows)) }).await
}

async fn write(
    app: &App,
    target: Target,
    reading: impl Future<Output = Result<(SchemaRef, Vec<RecordBatch>), Refusal>>,
) -> Result<u64, Refusal> {
    let (space, Target { actor, owner, name, way }) = (space(app)?, target);
    let storing = async {
        let (columns, rows) = reading.await?;
        let Some(upload) = space.upload(&actor, &owner, &name, way, &columns).await? else { return Ok(0) };
        let written = tokio::task::spawn_blocking(move || {
            let mut upload = upload;
            rows.iter().try_for_each(|batch| upload.write(batch)).map(|()| upload)
        });
        Ok(written.await.map_err(died)??.finish().await?.rows)
    };
    witness::change(app, &actor, Verb::Write, (&owner, &name), storing).await
}

async fn read(name: String, sent: Sent) -> Result<Guest, Refusal> {
    let Sent { bytes, description, is_csv } = sent;
    let read = tokio::task::spawn_blocking(move || match is_csv {
        Some(true) => upload::csv(name, &bytes),
        Some(false) => upload::guest(name, &bytes),
        None => upload::any(name, &bytes),
    });
    Ok(described(read.await.map_err(died)??, description))
}

/// The table with what its owner says about it.
fn described(table: Guest, description: Option<String>) -> Guest {
    let Some(description) = description else { return table };
    let mut columns = table.columns.as_ref().clone();
    columns.metadata.insert("description".to_owned(), description);
    Guest { columns: columns.into(), ..table }
}

async fn delete(space: &UserSpace, owner: &Username, name: &TableName, force: bool) -> Result<u64, Refusal> {
    match space.drop_table(owner, owner, name).await? || force {
        true => Ok(0),
        false => Err(no_table(owner, name)),
    }
}

/// The user space, where this server has one.
fn space(app: &App) -> Result<&UserSpace, Refusal> {
    app.space.as_ref().ok_or_else(|| Refusal::NotFound { what: "user space on this server".to_owned() })
}

/// A table of the caller's own, with or without the schema in front. Another's is not there.
fn own(owner: &Username, name: &str) -> Result<TableName, Refusal> {
    let schema = schema_of(owner);
    let bare = name.strip_prefix(&schema).or_else(|| name.strip_prefix(&format!("\"{schema}\"")));
    let bare = bare.and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
    match bare.rsplit_once('.') {
        Some((schema, _)) => Err(Refusal::NotFound {
            what: format!("schema {} of yours: leave it out", schema.chars().take(80).collect::<String>()),
        }),
        None => Ok(bare.trim_matches('"').parse()?),
    }
}

fn no_table(owner: &Username, name: &TableName) -> Refusal {
    Refusal::NotFound { what: format!("table {}.{name}", schema_of(owner)) }
}

fn is_true(parameters: &Parameters, name: &str) -> bool {
    parameters.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn died(_: tokio::task::JoinError) -> Refusal {
    Refusal::BadForm { what: "reading the table failed".to_owned() }
}
