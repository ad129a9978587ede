//! The jobs in the database. Every change of a phase names the phases that it may follow, in one statement, so
//! that of several clients and runs one wins and the others learn it.

use super::filter::Filter;
use super::job::{Job, JobResult};
use super::phase::Phase;
use crate::state::{State, StateError, now};

/// The jobs of a server.
pub(crate) struct Jobs<'a> {
    state: &'a State,
}

impl<'a> Jobs<'a> {
    /// The jobs that `state` keeps.
    pub(crate) fn new(state: &'a State) -> Self {
        Self { state }
    }

    /// Stores a new job.
    pub(crate) async fn insert(&self, job: &Job) -> Result<(), StateError> {
        sqlx::query(
            "INSERT INTO jobs (id, owner, name, run_id, phase, parameters, created_at, destruction_at, \
             execution_seconds, run) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
        )
        .bind(&job.id)
        .bind(&job.owner)
        .bind(&job.name)
        .bind(&job.run_id)
        .bind(job.phase.name())
        .bind(json(&job.parameters))
        .bind(job.created_at)
        .bind(job.destruction_at)
        .bind(job.execution_seconds)
        .execute(self.state.pool())
        .await?;
        Ok(())
    }

    /// The job of this name.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<Job>, StateError> {
        let sql = format!("SELECT {} FROM jobs WHERE id = $1", Job::COLUMNS);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id);
        let row = query.fetch_optional(self.state.pool()).await?;
        Ok(row.as_ref().map(Job::of_row).transpose()?)
    }

    /// The jobs of an owner that a filter lets through.
    pub(crate) async fn list(&self, owner: &str, filter: &Filter) -> Result<Vec<Job>, StateError> {
        let sql = format!("SELECT {} FROM jobs WHERE owner = $1{}", Job::COLUMNS, filter.sql());
        let query = filter.bind(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(owner));
        let rows = query.fetch_all(self.state.pool()).await?;
        Ok(rows.iter().map(Job::of_row).collect::<Result<_, _>>()?)
    }

    /// The jobs of an owner that are queued or running.
    pub(crate) async fn active(&self, owner: &str) -> Result<i64, StateError> {
        let sql = "SELECT COUNT(*) FROM jobs WHERE owner = $1 AND phase IN ($2, $3)";
        let [first, second] = Phase::ACTIVE.map(Phase::name);
        let count = sqlx::query_scalar(sql).bind(owner).bind(first).bind(second);
        Ok(count.fetch_one(self.state.pool()).await?)
    }

    /// Takes a job from one phase to another. False when it was in another phase.
    pub(crate) async fn step(&self, id: &str, from: Phase, to: Phase) -> Result<bool, StateError> {
        let ended = to.is_final().then(now);
        let sql =
            "UPDATE jobs SET phase = $1, ended_at = COALESCE($2, ended_at) WHERE id = $3 AND phase = $4";
        let query = sqlx::query(sql).bind(to.name()).bind(ended).bind(id).bind(from.name());
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Begins a run of a queued job; the number of the run, unless it is not queued any more.
    pub(crate) async fn begin(&self, id: &str) -> Result<Option<i64>, StateError> {
        let sql = "UPDATE jobs SET phase = $1, started_at = $2, run = run + 1 WHERE id = $3 AND phase = $4 \
                   RETURNING run";
        let query = sqlx::query_scalar(sql).bind(Phase::Executing.name()).bind(now()).bind(id);
        Ok(query.bind(Phase::Queued.name()).fetch_optional(self.state.pool()).await?)
    }

    /// Announces the result of a run. False when the job has been stopped or started again meanwhile.
    pub(crate) async fn complete(&self, id: &str, run: i64, result: &JobResult) -> Result<bool, StateError> {
        let sql = "UPDATE jobs SET phase = $1, ended_at = $2, media_type = $3, extension = $4, bytes = $5, \
                   row_count = $6 WHERE id = $7 AND phase = $8 AND run = $9";
        let JobResult { media_type, extension, bytes, rows } = result;
        let query = sqlx::query(sql).bind(Phase::Completed.name()).bind(now()).bind(media_type);
        let query = query.bind(extension).bind(bytes).bind(rows);
        let query = query.bind(id).bind(Phase::Executing.name()).bind(run);
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Says why a run failed.
    pub(crate) async fn fail(&self, id: &str, run: i64, message: &str) -> Result<bool, StateError> {
        let sql = "UPDATE jobs SET phase = $1, ended_at = $2, message = $3 \
                   WHERE id = $4 AND phase = $5 AND run = $6";
        let query = sqlx::query(sql).bind(Phase::Error.name()).bind(now()).bind(message);
        let query = query.bind(id).bind(Phase::Executing.name()).bind(run);
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Replaces the parameters of a job that is still pending.
    pub(crate) async fn set_parameters(&self, job: &Job) -> Result<bool, StateError> {
        let sql = "UPDATE jobs SET parameters = $1, run_id = $2, name = $3 WHERE id = $4 AND phase = $5";
        let query = sqlx::query(sql).bind(json(&job.parameters)).bind(&job.run_id).bind(&job.name);
        let query = query.bind(&job.id).bind(Phase::Pending.name());
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Sets when a job is removed.
    pub(crate) async fn set_destruction(&self, id: &str, at: i64) -> Result<(), StateError> {
        let query = sqlx::query("UPDATE jobs SET destruction_at = $1 WHERE id = $2").bind(at).bind(id);
        query.execute(self.state.pool()).await?;
        Ok(())
    }

    /// Sets how long a job may run. False when it runs already.
    pub(crate) async fn set_duration(&self, id: &str, seconds: i64) -> Result<bool, StateError> {
        let sql = "UPDATE jobs SET execution_seconds = $1 WHERE id = $2 AND phase = $3";
        let query = sqlx::query(sql).bind(seconds).bind(id).bind(Phase::Pending.name());
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Removes a job. Its result is removed by the runner.
    pub(crate) async fn delete(&self, id: &str) -> Result<(), StateError> {
        sqlx::query("DELETE FROM jobs WHERE id = $1").bind(id).execute(self.state.pool()).await?;
        Ok(())
    }

    /// Jobs whose time has come.
    pub(crate) async fn expired(&self) -> Result<Vec<String>, StateError> {
        let query = sqlx::query_scalar("SELECT id FROM jobs WHERE destruction_at <= $1").bind(now());
        Ok(query.fetch_all(self.state.pool()).await?)
    }

    /// Puts jobs that ran when the server ended back into the queue; all that are queued now, oldest first.
    pub(crate) async fn requeue(&self) -> Result<Vec<String>, StateError> {
        let [queued, executing] = Phase::ACTIVE.map(Phase::name);
        let sql = "UPDATE jobs SET phase = $1, started_at = NULL WHERE phase = $2";
        sqlx::query(sql).bind(queued).bind(executing).execute(self.state.pool()).await?;
        let query = sqlx::query_scalar("SELECT id FROM jobs WHERE phase = $1 ORDER BY created_at, id");
        Ok(query.bind(queued).fetch_all(self.state.pool()).await?)
    }
}

fn json(parameters: &[(String, String)]) -> String {
    serde_json::to_string(parameters).expect("texts have a JSON form")
}
