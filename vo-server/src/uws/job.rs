//! A job as it is stored.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::phase::Phase;

/// A job. Times are seconds since 1970 UTC.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    /// Its name, which is also what opens a job that has no owner.
    pub id: String,
    /// Whose it is; empty for nobody in particular.
    pub owner: String,
    /// What its owner calls it (TAP+), or nothing.
    pub name: String,
    /// What the client calls it (UWS RUNID), or nothing.
    pub run_id: String,
    /// Where it is.
    pub phase: Phase,
    /// What was sent, with names in lower case.
    pub parameters: Vec<(String, String)>,
    /// When it was created.
    pub created_at: i64,
    /// When it began to run, the last time.
    pub started_at: Option<i64>,
    /// When its newest run will probably be done.
    pub quote_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// When it and its result are removed.
    pub destruction_at: i64,
    /// How long it may run.
    pub execution_seconds: i64,
    /// How often it was started.
    pub run: i64,
    /// Why it failed.
    pub message: Option<String>,
    /// What it gave.
    pub result: Option<JobResult>,
}

/// The result of a job that is completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobResult {
    /// Its media type.
    pub media_type: String,
    /// How files of it end.
    pub extension: String,
    /// Its length.
    pub bytes: i64,
    /// Its rows.
    pub rows: i64,
}

impl Job {
    /// The value of a parameter, whose name is in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The columns that [`Job::of_row`] reads.
    pub(super) const COLUMNS: &str = "id, owner, name, run_id, phase, parameters, created_at, started_at, \
         ended_at, destruction_at, execution_seconds, quote_at, run, message, media_type, extension, bytes, row_count";

    /// A job of a row.
    pub(super) fn of_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let damaged = |what: &str| sqlx::Error::Decode(format!("a job with an impossible {what}").into());
        let phase: String = row.try_get("phase")?;
        let parameters: String = row.try_get("parameters")?;
        Ok(Self {
            id: row.try_get("id")?,
            owner: row.try_get("owner")?,
            name: row.try_get("name")?,
            run_id: row.try_get("run_id")?,
            phase: phase.parse().map_err(|()| damaged("phase"))?,
            parameters: serde_json::from_str(&parameters).map_err(|_| damaged("parameter"))?,
            created_at: row.try_get("created_at")?,
            started_at: row.try_get("started_at")?,
            quote_at: row.try_get("quote_at")?,
            ended_at: row.try_get("ended_at")?,
            destruction_at: row.try_get("destruction_at")?,
            execution_seconds: row.try_get("execution_seconds")?,
            run: row.try_get("run")?,
            message: row.try_get("message")?,
            result: result(row)?,
        })
    }
}

fn result(row: &AnyRow) -> Result<Option<JobResult>, sqlx::Error> {
    let media_type: Option<String> = row.try_get("media_type")?;
    let Some(media_type) = media_type else { return Ok(None) };
    let (extension, bytes) = (row.try_get("extension")?, row.try_get("bytes")?);
    Ok(Some(JobResult { media_type, extension, bytes, rows: row.try_get("row_count")? }))
}
