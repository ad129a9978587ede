//! Runs jobs, some at a time, and removes them when their time has come.
//!
//! A result is written beside its place, flushed to the disk and renamed before it is announced, so that what was
//! announced survives a crash. A job that ran when the server ended is run again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::job::{Job, JobResult};
use super::jobs::Jobs;
use super::phase::Phase;
use super::uploads;
use crate::answer::{self, Sink, WriteError};
use crate::app::App;
use crate::ask::Question;
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::state::StateError;
use crate::tap::sync;

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// The jobs that run here, and the news that a job has changed its phase.
pub(crate) struct Running {
    stops: Mutex<HashMap<String, CancellationToken>>,
    changes: watch::Sender<u64>,
}

impl Default for Running {
    fn default() -> Self {
        Self { stops: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Running {
    /// News of changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn enter(&self, id: &str) -> CancellationToken {
        let stop = CancellationToken::new();
        self.lock().insert(id.to_owned(), stop.clone());
        stop
    }

    fn leave(&self, id: &str) {
        self.lock().remove(id);
    }

    fn stop(&self, id: &str) {
        if let Some(stop) = self.lock().get(id) {
            stop.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

    /// Takes up the jobs that were queued or running when the server ended.
    pub(crate) async fn recover(&self) -> Result<(), StateError> {
        let queued = self.jobs().requeue().await?;
        self.remove_leftovers().await;
        if !queued.is_empty() {
            tracing::info!(jobs = queued.len(), "taking up jobs of the last run");
        }
        for id in queued {
            self.spawn(id);
        }
        Ok(())
    }

    /// Queues a pending job. False when it is not pending any more.
    pub(crate) async fn start(&self, id: &str) -> Result<bool, StateError> {
        let queued = self.jobs().step(id, Phase::Pending, Phase::Queued).await?;
        if queued {
            self.app.running.changed();
            self.spawn(id.to_owned());
        }
        Ok(queued)
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
        self.jobs().delete(id).await?;
        self.app.running.changed();
        let uploads = self.uploads_path(id);
        let removed = uploads::remove(&uploads).await;
        removed.map_err(|source| StateError::File { path: uploads, source })?;
        let path = self.result_path(id);
        match fs::remove_file(&path).await {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::File { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Where the result of a job is.
    pub(crate) fn result_path(&self, id: &str) -> PathBuf {
        self.app.state.results().join(id)
    }

    /// Keeps the tables that came with a job.
    pub(crate) async fn store_uploads(&self, id: &str, parameters: &Parameters) -> Result<(), StateError> {
        let path = self.uploads_path(id);
        uploads::store(&path, parameters).await.map_err(|source| StateError::File { path, source })
    }

    fn uploads_path(&self, id: &str) -> PathBuf {
        self.result_path(&format!("{id}.uploads"))
    }

    /// Removes jobs whose time has come, again and again.
    pub(crate) async fn sweep_until_closed(self) {
        let sweeping = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::error!(%error, "failed to remove old jobs");
                }
                tokio::time::sleep(self.app.config.jobs.sweep_every).await;
            }
        };
        self.app.closing.run_until_cancelled(sweeping).await;
    }

    async fn sweep(&self) -> Result<(), StateError> {
        for id in self.jobs().expired().await? {
            self.remove(&id).await?;
        }
        Ok(())
    }

    fn jobs(&self) -> Jobs<'_> {
        Jobs::new(&self.app.state)
    }

    fn spawn(&self, id: String) {
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
        let Ok(_turn) = self.app.turns.clone().acquire_owned().await else { return Ok(()) };
        let Some(run) = self.jobs().begin(id).await? else { return Ok(()) };
        self.app.running.changed();
        let Some(job) = self.jobs().find(id).await? else { return Ok(()) };
        let part = self.result_path(&format!("{id}.{run}.part"));
        let limit = Duration::from_secs(u64::try_from(job.execution_seconds).unwrap_or(u64::MAX));
        let outcome = match tokio::time::timeout(limit, self.write(&job, &part)).await {
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
        // Left over when the job failed, was stopped or started again meanwhile.
        let _ = fs::remove_file(&part).await;
        tracing::info!(job.id = id, run, announced, "a job ended");
        Ok(())
    }

    /// Writes the answer to a file of its own.
    async fn write(&self, job: &Job, part: &PathBuf) -> Result<JobResult, Refusal> {
        let path = self.uploads_path(&job.id);
        let files = uploads::load(&path).await.map_err(|source| StateError::File { path, source })?;
        let parameters = Parameters::of(job.parameters.iter().cloned()).with_files(files);
        let offer = sync::format(&parameters)?;
        let caller = Caller::of_name(&job.owner);
        let question = Question::read(&self.app, &caller, &parameters).await?;
        let (adql, max_rows) = (question.adql.clone(), question.max_rows);
        let table = question.ask(&self.app).await?;
        let about = sync::about(adql, &table.schema, &self.app.base_url());
        let file = |source| StateError::File { path: part.clone(), source };
        let writer = BufWriter::with_capacity(BUFFER_BYTES, File::create(part).await.map_err(file)?);
        let mut result = ResultFile { writer, bytes: 0, limit: self.app.config.jobs.result_bytes };
        let written = answer::write(table, offer.writer(about), max_rows, &mut result).await;
        let written = written.map_err(|error| Refusal::JobFailed { message: error.to_string() })?;
        let bytes = result.bytes;
        result.store().await.map_err(file)?;
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
        part: &PathBuf,
        result: &JobResult,
    ) -> Result<bool, StateError> {
        let path = self.result_path(&job.id);
        let file = |source| StateError::File { path: path.clone(), source };
        fs::rename(part, &path).await.map_err(file)?;
        let directory = File::open(self.app.state.results()).await.map_err(file)?;
        directory.sync_all().await.map_err(file)?;
        let announced = self.jobs().complete(&job.id, run, result).await?;
        if !announced && self.jobs().find(&job.id).await?.is_none() {
            // The job was deleted after its result had been put into place.
            let _ = fs::remove_file(&path).await;
        }
        Ok(announced)
    }

    /// Half-written results of the last run of the server.
    async fn remove_leftovers(&self) {
        let Ok(mut entries) = fs::read_dir(self.app.state.results()).await else { return };
        while let Ok(Some(entry)) = entries.next_entry().await {
            if entry.path().extension().is_some_and(|extension| extension == "part") {
                let _ = fs::remove_file(entry.path()).await;
            }
        }
    }
}

/// A result on its way to the disk.
struct ResultFile {
    writer: BufWriter<File>,
    bytes: u64,
    limit: u64,
}

impl Sink for ResultFile {
    async fn put(&mut self, piece: Vec<u8>) -> Result<(), WriteError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limit {
            return Err(WriteError::TooLarge { limit_bytes: self.limit });
        }
        Ok(self.writer.write_all(&piece).await?)
    }
}

impl ResultFile {
    async fn store(mut self) -> std::io::Result<()> {
        self.writer.flush().await?;
        self.writer.get_ref().sync_all().await
    }
}
