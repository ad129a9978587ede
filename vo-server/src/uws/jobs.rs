//! The jobs in the database. Every change of a phase names the phases that it may follow, in one statement, so
//! that of several clients, runs and servers one wins and the others learn it.

use std::collections::HashSet;

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::QueryScalar;

use super::filter::Filter;
use super::job::{Job, JobResult};
use super::phase::Phase;
use super::service::Service;
use crate::state::{State, StateError, now};

/// What became of a job that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// It waits for its turn.
    Now,
    /// It was not pending any more.
    Before,
    /// Its owner has as many jobs queued or running as may be.
    TooMany,
}

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
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let sql = format!("SELECT {} FROM jobs WHERE id = $1", Job::COLUMNS);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id);
        let row = query.fetch_optional(self.state.pool()).await?;
        Ok(row.as_ref().map(Job::of_row).transpose()?)
    }

    /// The jobs of an owner at a service that a filter lets through.
    pub(crate) async fn list(
        &self,
        service: Service,
        owner: &str,
        filter: &Filter,
    ) -> Result<Vec<Job>, StateError> {
        let of_service = service.condition();
        let sql =
            format!("SELECT {} FROM jobs WHERE owner = $1 AND {of_service}{}", Job::COLUMNS, filter.sql());
        let query = filter.bind(sqlx::query(sqlx::AssertSqlSafe(sql)).bind(owner));
        let rows = query.fetch_all(self.state.pool()).await?;
        Ok(rows.iter().map(Job::of_row).collect::<Result<_, _>>()?)
    }

    /// How many jobs of an owner are queued or running.
    pub(crate) async fn active(&self, owner: &str) -> Result<i64, StateError> {
        Ok(active(owner).fetch_one(self.state.pool()).await?)
    }

    /// Takes a job from one phase to another. False when it was in another phase.
    pub(crate) async fn step(&self, id: &str, from: Phase, to: Phase) -> Result<bool, StateError> {
        let ended = to.is_final().then(now);
        let sql =
            "UPDATE jobs SET phase = $1, ended_at = COALESCE($2, ended_at) WHERE id = $3 AND phase = $4";
        let query = sqlx::query(sql).bind(to.name()).bind(ended).bind(id).bind(from.name());
        Ok(query.execute(self.state.pool()).await?.rows_affected() == 1)
    }

    /// Queues a pending job at this server, if its owner may have one more.
    pub(crate) async fn queue(&self, id: &str, owner: &str, limit: i64) -> Result<Queued, StateError> {
        let mut change = self.state.database().change().await?;
        // Others who queue a job of this owner wait here, so that the count holds until this is done.
        let turn = "INSERT INTO job_owners (owner, queued) VALUES ($1, 1) \
                    ON CONFLICT (owner) DO UPDATE SET queued = job_owners.queued + 1";
        sqlx::query(turn).bind(owner).execute(&mut *change).await?;
        if active(owner).fetch_one(&mut *change).await? >= limit {
            return Ok(Queued::TooMany);
        }
        let sql = "UPDATE jobs SET phase = $1, server = $2 WHERE id = $3 AND phase = $4";
        let query = sqlx::query(sql).bind(Phase::Queued.name()).bind(self.state.server()).bind(id);
        let query = query.bind(Phase::Pending.name()).execute(&mut *change).await?;
        change.commit().await?;
        Ok(if query.rows_affected() == 1 { Queued::Now } else { Queued::Before })
    }

    /// Begins a run of a job that is queued here; the number of the run, unless it is not queued here any more.
    pub(crate) async fn begin(&self, id: &str) -> Result<Option<i64>, StateError> {
        let sql = "UPDATE jobs SET phase = $1, started_at = $2, quote_at = NULL, run = run + 1 \
                   WHERE id = $3 AND phase = $4 AND server = $5 RETURNING run";
        let query = sqlx::query_scalar(sql).bind(Phase::Executing.name()).bind(now()).bind(id);
        let query = query.bind(Phase::Queued.name()).bind(self.state.server());
        Ok(query.fetch_optional(self.state.pool()).await?)
    }

    /// Says when a run will probably be done.
    pub(crate) async fn set_quote(&self, id: &str, run: i64, at: i64) -> Result<(), StateError> {
        let query = sqlx::query("UPDATE jobs SET quote_at = $1 WHERE id = $2 AND run = $3");
        query.bind(at).bind(id).bind(run).execute(self.state.pool()).await?;
        Ok(())
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

    /// Removes a job; its newest run, where there was such a job. Its result is removed by the runner.
    pub(crate) async fn delete(&self, id: &str) -> Result<Option<i64>, StateError> {
        let query = sqlx::query_scalar("DELETE FROM jobs WHERE id = $1 RETURNING run").bind(id);
        Ok(query.fetch_optional(self.state.pool()).await?)
    }

    /// Jobs whose time has come.
    pub(crate) async fn expired(&self) -> Result<Vec<String>, StateError> {
        let query = sqlx::query_scalar("SELECT id FROM jobs WHERE destruction_at <= $1").bind(now());
        Ok(query.fetch_all(self.state.pool()).await?)
    }

    /// Says that this server is there.
    pub(crate) async fn announce_server(&self) -> Result<(), StateError> {
        let sql = "INSERT INTO servers (id, seen_at) VALUES ($1, $2) \
                   ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
        sqlx::query(sql).bind(self.state.server()).bind(now()).execute(self.state.pool()).await?;
        Ok(())
    }

    /// Says that this server ends.
    pub(crate) async fn leave(&self) -> Result<(), StateError> {
        let query = sqlx::query("DELETE FROM servers WHERE id = $1").bind(self.state.server());
        query.execute(self.state.pool()).await?;
        Ok(())
    }

    /// Forgets servers that were last seen before a time.
    pub(crate) async fn forget_servers(&self, before: i64) -> Result<(), StateError> {
        let query = sqlx::query("DELETE FROM servers WHERE seen_at < $1").bind(before);
        query.execute(self.state.pool()).await?;
        Ok(())
    }

    /// The jobs that are queued here or run here.
    pub(crate) async fn active_here(&self) -> Result<HashSet<String>, StateError> {
        let [queued, executing] = Phase::ACTIVE.map(Phase::name);
        let query = sqlx::query_scalar("SELECT id FROM jobs WHERE phase IN ($1, $2) AND server = $3");
        let query = query.bind(queued).bind(executing).bind(self.state.server());
        Ok(query.fetch_all(self.state.pool()).await?.into_iter().collect())
    }

    /// Queues here what was queued or ran at servers that nobody has seen since a time; those jobs, oldest first.
    pub(crate) async fn take_over(&self, silent_since: i64) -> Result<Vec<String>, StateError> {
        let [queued, executing] = Phase::ACTIVE.map(Phase::name);
        let sql = "UPDATE jobs SET phase = $1, server = $2, started_at = NULL WHERE phase IN ($1, $3) \
                   AND server <> $2 AND server NOT IN (SELECT id FROM servers WHERE seen_at >= $4) RETURNING id";
        let query = sqlx::query_scalar(sql).bind(queued).bind(self.state.server()).bind(executing);
        let mut jobs: Vec<String> = query.bind(silent_since).fetch_all(self.state.pool()).await?;
        // Names begin with the time.
        jobs.sort_unstable();
        Ok(jobs)
    }
}

type Scalar<'q> = QueryScalar<'q, Any, i64, AnyArguments>;

fn active(owner: &str) -> Scalar<'_> {
    let sql = "SELECT COUNT(*) FROM jobs WHERE owner = $1 AND phase IN ($2, $3)";
    let [first, second] = Phase::ACTIVE.map(Phase::name);
    sqlx::query_scalar(sql).bind(owner).bind(first).bind(second)
}

fn json(parameters: &[(String, String)]) -> String {
    serde_json::to_string(parameters).expect("texts have a JSON form")
}
