//! From the parameters of a query to its rows: the one place where ADQL meets the catalogue.

use std::sync::{Arc, OnceLock};

use arrow::compute::concat_batches;
use audit::Verb;
use catalogue::engine::{Guest, User};

use crate::answer::Table;
use crate::app::App;
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::plan::{self, Asked};
use crate::refusal::Refusal;
use crate::user_tables::crossmatch;
use crate::{tap_schema, upload, usage, witness};

/// A query that somebody asks.
pub(crate) struct Question {
    /// Who asks.
    pub caller: Caller,
    /// The query, in ADQL.
    pub adql: String,
    /// Rows at most (MAXREC).
    pub max_rows: Option<u64>,
    /// Tables that came with it.
    pub uploads: Vec<Guest>,
    /// The job that asks, if it is one.
    pub job: Option<AskingJob>,
}

/// A job that asks, perhaps again after a crash.
pub(crate) struct AskingJob {
    /// Its name.
    pub id: String,
    /// Where it hears how many bytes its query will read, if that is known.
    pub bytes: Arc<OnceLock<u64>>,
}

impl Question {
    /// Reads LANG, QUERY, MAXREC and UPLOAD (TAP 1.1 section 2).
    pub(crate) async fn read(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Self, Refusal> {
        if let Some(request) = parameters.get("REQUEST").filter(|name| !name.eq_ignore_ascii_case("doQuery"))
        {
            return Err(impossible("REQUEST", request, "it is doQuery, or left out"));
        }
        let language = parameters.get("LANG").unwrap_or("ADQL");
        if !LANGUAGES.iter().any(|known| known.eq_ignore_ascii_case(language)) {
            return Err(impossible("LANG", language, "it is ADQL, ADQL-2.0 or ADQL-2.1"));
        }
        let adql = parameters.required("QUERY")?.to_owned();
        usage::note(&adql);
        let uploads = upload::read(app, caller, parameters).await?;
        Ok(Self { caller: caller.clone(), adql, max_rows: max_rows(parameters)?, uploads, job: None })
    }

    /// A query of our own, as long as MAXREC says.
    pub(crate) fn new(caller: &Caller, adql: String, parameters: &Parameters) -> Result<Self, Refusal> {
        Ok(Self {
            caller: caller.clone(),
            adql,
            max_rows: max_rows(parameters)?,
            uploads: Vec::new(),
            job: None,
        })
    }

    /// The same, asked by a job.
    pub(crate) fn of_job(self, job: AskingJob) -> Self {
        Self { job: Some(job), ..self }
    }

    /// Plans the query and starts it.
    pub(crate) async fn ask(self, app: &App) -> Result<Table, Refusal> {
        let job = self.job.as_ref().map(|job| job.id.as_str());
        if let Some(told) = crossmatch::run(app, &self.caller, &self.adql, job).await? {
            return Ok(told);
        }
        let user = self.caller.user();
        let mut report = app.reports.begin(user.name.as_str(), Verb::Read);
        let answered = self.answered(app, &user, &mut report.tables).await;
        witness::read(report, answered, Refusal::status)
    }

    async fn answered(self, app: &App, user: &User, tables: &mut Vec<String>) -> Result<Table, Refusal> {
        let mut guests = self.uploads;
        if self.adql.to_ascii_lowercase().contains(tap_schema::NAME) {
            guests.extend(tap_schema::tables(app, &self.caller).await?);
        }
        guests.extend(usage::table::named(app, &self.caller, &self.adql).await?);
        let asked = Asked { text: self.adql, maxrec: self.max_rows, guests };
        let query = plan::plan(&app.catalogue, user, asked, &app.config.adql).await?;
        *tables = query.tables();
        if self.max_rows == Some(0) {
            // Columns only. Whether there are rows is not known, and the client asked not to know.
            let schema = query.schema();
            let nothing = concat_batches(&schema, &[])?;
            return Ok(Table::of_batches(schema, vec![nothing]));
        }
        if let Some(job) = self.job
            && let Some(bytes) = query.bytes_to_read().await?
        {
            // It asks once.
            let _ = job.bytes.set(bytes);
        }
        Ok(query.execute().await?.into())
    }
}

const LANGUAGES: [&str; 3] = ["ADQL", "ADQL-2.0", "ADQL-2.1"];

fn max_rows(parameters: &Parameters) -> Result<Option<u64>, Refusal> {
    let Some(text) = parameters.get("MAXREC") else { return Ok(None) };
    let number = text.parse().map_err(|_| impossible("MAXREC", text, "it is a number of rows, from 0"))?;
    Ok(Some(number))
}

fn impossible(name: &'static str, value: &str, hint: &str) -> Refusal {
    Refusal::Value { name, value: value.chars().take(80).collect(), hint: hint.to_owned() }
}
