//! `SELECT crossmatch_positional('schema', 'table', 'schema', 'table', radius, 'result') FROM dual`: TAP+'s way to match
//! two tables by position. The pairs become a table of the caller's own, as in the Gaia archive.
//!
//! The matching itself is a join that anybody may write; here it is only put together.

mod call;
mod side;

use std::sync::Arc;

use api::names::Username;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use audit::Verb;
use catalogue::engine::TableInfo;
use futures::StreamExt;
use user_space::{MADE_BY, TableName, Upload, Way, schema_of};

use super::{own, space};
use crate::answer::Table;
use crate::app::App;
use crate::identity::Caller;
use crate::plan::{self, Asked};
use crate::refusal::Refusal;
use crate::witness;
use call::Call;
use side::Side;

/// Arcseconds of a degree.
const ARCSEC: f64 = 3600.0;

/// Matches and keeps the pairs, where a query asks for that; nothing where it is another query. A job that a crash has
/// cut off after its table was made finds its own table, and is done.
pub(crate) async fn run(
    app: &App,
    caller: &Caller,
    adql: &str,
    job: Option<&str>,
) -> Result<Option<Table>, Refusal> {
    let Some(call) = Call::read(adql)? else { return Ok(None) };
    let (owner, space) = (caller.person()?.clone(), space(app)?);
    let name = own(&owner, &call.result)?;
    let tables = app.catalogue.tables(&caller.user()).await?;
    if let Some(rows) = job.and_then(|job| made_before(&tables, &owner, &name, job)) {
        return told_table(&owner, &name, rows).map(Some);
    }
    let [left, right] = &call.tables;
    let sides = [Side::of(&tables, left)?, Side::of(&tables, right)?];
    let asked = Asked { text: join(&sides, call.radius_arcsec), maxrec: None, guests: Vec::new() };
    let query = plan::plan(&app.catalogue, &caller.user(), asked, &app.config.adql).await?;
    let mut columns = query.schema().as_ref().clone();
    let told = format!("Pairs of {left} and {right} within {} arcsec", call.radius_arcsec);
    columns.metadata.insert("description".to_owned(), told);
    columns.metadata.extend(job.map(|job| (MADE_BY.to_owned(), job.to_owned())));
    let keeping = async {
        // Refused before anything is matched, where the table is there already.
        match space.upload(&owner, &owner, &name, Way::Create, &columns).await? {
            Some(upload) => keep(upload, query.execute().await?.into()).await,
            None => Ok(0),
        }
    };
    let rows = witness::change(app, &owner, Verb::Write, (&owner, &name), keeping).await?;
    told_table(&owner, &name, rows).map(Some)
}

/// The rows of the table, if this job has made it.
fn made_before(tables: &[TableInfo], owner: &Username, name: &TableName, job: &str) -> Option<u64> {
    let schema = schema_of(owner);
    let table = tables.iter().find(|table| table.schema == schema && table.name == name.as_str())?;
    let made_by = table.arrow_schema.metadata().get(MADE_BY)?;
    (made_by == job).then_some(table.rows)
}

/// The join in ADQL.
fn join([left, right]: &[Side; 2], radius_arcsec: f64) -> String {
    let apart = format!("DISTANCE(a.{}, a.{}, b.{}, b.{})", left.ra, left.dec, right.ra, right.dec);
    let (first, second) =
        (&left.name, if left.name == right.name { &right.second_name } else { &right.name });
    format!(
        "SELECT a.{} AS {first}, b.{} AS {second}, {apart} AS separation FROM {} AS a JOIN {} AS b ON {apart} < {}",
        left.id,
        right.id,
        left.table,
        right.table,
        radius_arcsec / ARCSEC
    )
}

async fn keep(mut upload: Upload, mut pairs: Table) -> Result<u64, Refusal> {
    while let Some(batch) = pairs.rows.next().await.transpose()? {
        upload = upload.write_apart(batch).await?;
    }
    Ok(upload.finish().await?.rows)
}

/// One row that says what became of it.
fn told_table(owner: &Username, name: &TableName, rows: u64) -> Result<Table, Refusal> {
    let told = format!("{}.{name} has {rows} rows", schema_of(owner));
    let schema = Arc::new(Schema::new(vec![
        Field::new("table_name", DataType::Utf8, false),
        Field::new("crossmatch_positional", DataType::Utf8, false),
    ]));
    let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let row = RecordBatch::try_new(Arc::clone(&schema), vec![text(name.as_str()), text(&told)])?;
    Ok(Table::of_batches(schema, vec![row]))
}
