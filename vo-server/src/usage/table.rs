//! The SQL table `usage.queries`. Operators see requests one by one; everybody else counts by day, without the small
//! ones. USAGE is a reserved word, so a query in ADQL writes `"usage".queries`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use catalogue::engine::Guest;

use super::is_operator;
use crate::app::App;
use crate::columns;
use crate::identity::Caller;
use crate::listing::Listed;
use crate::refusal::Refusal;

/// The schema.
pub(crate) const SCHEMA: &str = "usage";
const TABLE: &str = "queries";

/// A column: name, whether it is a number, unit, UCD, description.
type Detail = (&'static str, bool, &'static str, &'static str, &'static str);

const ORIGIN: [Detail; 4] = [
    (
        "entrance",
        false,
        "",
        "meta.id",
        "Where requests came in: tap-sync, tap-async, cone, data, datalink, vospace, flight",
    ),
    ("client", false, "", "meta.software", "Program that sent them, as it calls itself"),
    ("version", false, "", "meta.version", "Version of that program; empty where it does not say"),
    (
        "complexity",
        false,
        "",
        "meta.code.class",
        "simple, region, aggregate, join, nested; products; transfer",
    ),
];
const WHEN: Detail = ("asked_at", false, "", "time.epoch", "When the request came (UTC)");
const OUTCOME: Detail = ("outcome", false, "", "meta.code.status", "answered, refused or failed");
const ELAPSED: Detail =
    ("elapsed_ms", true, "ms", "time.duration", "Until the answer began, or the job was taken");
const DAY: Detail = ("asked_on", false, "", "time.epoch", "Day of the requests (UTC)");
const QUERIES: Detail =
    ("queries", true, "", "meta.number", "How many there were; small numbers are left out");

fn details(whole: bool) -> Vec<Detail> {
    if whole {
        [&[WHEN], &ORIGIN[..], &[OUTCOME, ELAPSED]].concat()
    } else {
        [&[DAY], &ORIGIN[..], &[QUERIES]].concat()
    }
}

fn schema(whole: bool) -> Schema {
    let field = |(name, number, unit, ucd, description): Detail| {
        let about = [("unit", unit), ("ucd", ucd), ("description", description)];
        let about = about.into_iter().filter(|(_, text)| !text.is_empty());
        let about = about.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        let data_type = if number { DataType::Int64 } else { DataType::Utf8 };
        Field::new(name, data_type, false).with_metadata(about)
    };
    Schema::new(details(whole).into_iter().map(field).collect::<Vec<_>>())
}

/// The table as `caller` sees it, for listings.
pub(crate) fn listed(app: &App, caller: &Caller) -> Listed {
    let whole = is_operator(app, caller);
    let description =
        if whole { "Requests to these services, one by one" } else { "Requests to these services by day" };
    Listed {
        schema: format!("\"{SCHEMA}\""),
        name: format!("\"{SCHEMA}\".{TABLE}"),
        description: description.to_owned(),
        rows: 0,
        columns: columns::of_schema(&schema(whole)),
    }
}

/// The table with its rows, if a query seems to name it.
pub(crate) async fn named(app: &App, caller: &Caller, adql: &str) -> Result<Option<Guest>, Refusal> {
    if !adql.to_ascii_lowercase().contains(SCHEMA) {
        return Ok(None);
    }
    let rows = if is_operator(app, caller) { requests(app).await? } else { days(app).await? };
    Ok(Some(Guest {
        schema: SCHEMA.to_owned(),
        name: TABLE.to_owned(),
        columns: rows.schema(),
        rows: vec![rows],
    }))
}

async fn requests(app: &App) -> Result<RecordBatch, Refusal> {
    let kept = app.ledger.requests(&app.state).await?;
    let when = kept.iter().map(|request| time(request.at, "%Y-%m-%dT%H:%M:%SZ"));
    let elapsed = kept.iter().map(|request| request.elapsed_ms);
    let texts = (0..5).map(|column| text(kept.iter().map(|request| &request.texts[column])));
    let columns = [text(when)].into_iter().chain(texts).chain([numbers(elapsed)]).collect();
    Ok(batch(true, columns)?)
}

async fn days(app: &App) -> Result<RecordBatch, Refusal> {
    let days = app.ledger.days(&app.state, app.config.usage.smallest_count).await?;
    let when = days.iter().map(|count| day(count.day));
    let queries = days.iter().map(|count| count.queries);
    let texts = (0..4).map(|column| text(days.iter().map(|count| &count.texts[column])));
    let columns = [text(when)].into_iter().chain(texts).chain([numbers(queries)]).collect();
    Ok(batch(false, columns)?)
}

/// A day counted from 1970, as people write it.
pub(super) fn day(day: i64) -> String {
    time(day.saturating_mul(86_400), "%Y-%m-%d")
}

fn time(seconds: i64, form: &str) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime(form).to_string()
}

fn text(values: impl Iterator<Item = impl AsRef<str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn numbers(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn batch(whole: bool, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(Arc::new(schema(whole)), columns)
}
