//! Runs jobs, some at a time.
//!
//! A result is written beside its place, flushed to the disk and renamed before it is announced, so that what was
//! announced survives a crash. A job that ran when its server ended is run again (`upkeep`).

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::job::{Job, JobResult};
use super::jobs::{Jobs, Queued};
use super::phase::Phase;
use super::results::{self, Part, ResultFile};
use super::service::Service;
use super::uploads;
use crate::answer::{self, Sink};
use crate::app::App;
use crate::ask::{AskingJob, Question};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::state::{StateError, now};
use crate::tap::sync;
use crate::vosi::XML;
use crate::vospace;

/// Runs the jobs of a server.
#[derive(Clone)]
pub(crate) struct Runner {
    app: App,
}

impl Runner {
    /// The runner of `app`.
    pub(crate) fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    /// Queues a pending job, unless its owner has as many as may be. What has happened already is no error.
    pub(crate) async fn start(&self, job: &Job) -> Result<(), Refusal> {
        let limit = self.app.config.jobs.active_per_user;
        match self.jobs().queue(&job.id, &job.owner, limit).await? {
            Queued::Now => {
                self.app.running.changed();
                self.spawn(job.id.clone());
                Ok(())
            }
            Queued::Before => Ok(()),
            Queued::TooMany => Err(Refusal::TooManyJobs { limit }),
        }
    }

    /// Runs a pending job now, beside those that wait for their turn: its client waits for it.
    pub(crate) async fn run_at_once(&self, job: &Job) -> Result<(), Refusal> {
        let limit = self.app.config.jobs.active_per_user;
        match self.jobs().queue(&job.id, &job.owner, limit).await? {
            Queued::Now => Ok(self.execute(&job.id).await?),
            Queued::Before => Ok(()),
            Queued::TooMany => Err(Refusal::TooManyJobs { limit }),
        }
    }

    /// Stops a job that has not ended. False when it has.
    pub(crate) async fn abort(&self, id: &str) -> Result<bool, StateError> {
        for phase in [Phase::Pending, Phase::Queued, Phase::Executing] {
            if self.jobs().step(id, phase, Phase::Aborted).await? {
                self.app.running.stop(id);
                self.app.running.changed();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes a job and what it gave.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), StateError> {
        self.abort(id).await?;
        let run = self.jobs().delete(id).await?;
        self.app.running.changed();
        let uploads = results::uploads_path(&self.app.state, id);
        let removed = uploads::remove(&uploads).await;
        removed.map_err(|source| StateError::File { path: uploads, source })?;
        match run {
            Some(run) => results::remove(results::path(&self.app.state, id, run)).await,
            None => Ok(()),
        }
    }

    /// Keeps the tables that came with a job.
    pub(crate) async fn store_uploads(&self, id: &str, parameters: &Parameters) -> Result<(), StateError> {
        let path = results::uploads_path(&self.app.state, id);
        uploads::store(&path, parameters).await.map_err(|source| StateError::File { path, source })
    }

    fn jobs(&self) -> Jobs<'_> {
        Jobs::new(&self.app.state)
    }

    /// Runs a job that is queued here, when it is its turn.
    pub(super) fn spawn(&self, id: String) {
        let runner = self.clone();
        tokio::spawn(async move {
            let closing = runner.app.closing.clone();
            // What is cut by the end of the server is run again after the next start.
            if let Some(Err(error)) = closing.run_until_cancelled(runner.run(&id)).await {
                tracing::error!(job.id = id, %error, "a job could not be run");
            }
        });
    }

    async fn run(&self, id: &str) -> Result<(), StateError> {
        let stop = self.app.running.enter(id);
        let outcome = match stop.run_until_cancelled(self.in_turn(id)).await {
            Some(outcome) => outcome,
            None => Ok(()),
        };
        self.app.running.leave(id);
        self.app.running.changed();
        outcome
    }

    async fn in_turn(&self, id: &str) -> Result<(), StateError> {
        let turns = match Service::of(id) {
            Service::Tap => &self.app.turns,
            Service::Transfers => &self.app.transfer_turns,
        };
        let Ok(_turn) = turns.clone().acquire_owned().await else { return Ok(()) };
        self.execute(id).await
    }

    async fn execute(&self, id: &str) -> Result<(), StateError> {
        let Some(run) = self.jobs().begin(id).await? else { return Ok(()) };
        self.app.running.changed();
        let Some(job) = self.jobs().find(id).await? else { return Ok(()) };
        let part = Part::new(&self.app.state, id, run);
        let limit = Duration::from_secs(u64::try_from(job.execution_seconds).unwrap_or(u64::MAX));
        let outcome = match tokio::time::timeout(limit, self.write(&job, part.path())).await {
            Ok(outcome) => outcome.map_err(|refusal| refusal.to_string()),
            Err(_) => Err(format!(
                "the job was stopped after {} s, its execution duration: ask for more time, or for less",
                job.execution_seconds
            )),
        };
        let announced = match outcome {
            Ok(result) => self.announce(&job, run, &part, &result).await?,
            Err(message) => self.jobs().fail(id, run, &message).await?,
        };
        tracing::info!(job.id = id, run, announced, "a job ended");
        Ok(())
    }

    /// Writes what a job gives to a file of its own.
    async fn write(&self, job: &Job, part: &Path) -> Result<JobResult, Refusal> {
        match Service::of(&job.id) {
            Service::Tap => self.write_answer(job, part).await,
            Service::Transfers => self.write_details(job, part).await,
        }
    }

    /// Carries out a transfer, and writes its details.
    async fn write_details(&self, job: &Job, part: &Path) -> Result<JobResult, Refusal> {
        let details = vospace::carry_out(&self.app, job).await?;
        let file = |source| StateError::File { path: part.to_owned(), source };
        let mut result = ResultFile::create(part, self.app.config.jobs.result_bytes).await.map_err(file)?;
        let written = result.put(details).await;
        written.map_err(|error| Refusal::JobFailed { message: error.to_string() })?;
        let bytes = i64::try_from(result.store().await.map_err(file)?).unwrap_or(i64::MAX);
        Ok(JobResult { media_type: XML.to_owned(), extension: "xml".to_owned(), bytes, rows: 0 })
    }

    /// Writes the answer to a query.
    async fn write_answer(&self, job: &Job, part: &Path) -> Result<JobResult, Refusal> {
        let path = results::uploads_path(&self.app.state, &job.id);
        let files = uploads::load(&path).await.map_err(|source| StateError::File { path, source })?;
        let parameters = Parameters::of(job.parameters.iter().cloned()).with_files(files);
        let offer = sync::format(&parameters)?;
        let caller = Caller::of_name(&job.owner);
        let bytes = Arc::new(OnceLock::new());
        let asking = AskingJob { id: job.id.clone(), bytes: Arc::clone(&bytes) };
        let question = Question::read(&self.app, &caller, &parameters).await?.of_job(asking);
        let (adql, max_rows) = (question.adql.clone(), question.max_rows);
        let table = question.ask(&self.app).await?;
        let (bytes_read, began) = (bytes.get().copied(), Instant::now());
        if let Some(seconds) = bytes_read.and_then(|bytes| self.app.pace.seconds(bytes)) {
            self.jobs().set_quote(&job.id, job.run, now() + seconds).await?;
        }
        let about = sync::about(adql, &table.schema, &self.app.base_url());
        let file = |source| StateError::File { path: part.to_owned(), source };
        let mut result = ResultFile::create(part, self.app.config.jobs.result_bytes).await.map_err(file)?;
        let written = answer::write(table, offer.writer(about), max_rows, &mut result).await;
        let written = written.map_err(|error| Refusal::JobFailed { message: error.to_string() })?;
        let bytes = result.store().await.map_err(file)?;
        if let Some(bytes_read) = bytes_read {
            self.app.pace.learn(bytes_read, began.elapsed());
        }
        Ok(JobResult {
            media_type: offer.media_type.to_owned(),
            extension: offer.extension.to_owned(),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            rows: i64::try_from(written.rows).unwrap_or(i64::MAX),
        })
    }

    /// Puts the result into its place, and only then says that it is there.
    async fn announce(
        &self,
        job: &Job,
        run: i64,
        part: &Part,
        result: &JobResult,
    ) -> Result<bool, StateError> {
        let path = part.put(&self.app.state).await?;
        let announced = self.jobs().complete(&job.id, run, result).await?;
        if !announced {
            // The job was stopped, deleted or started again meanwhile.
            results::remove(path).await?;
        }
        Ok(announced)
    }
}
