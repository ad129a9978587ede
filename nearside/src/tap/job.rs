//! An asynchronous job (IVOA UWS 1.1): waits until it is done, and gives its result.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use reqwest::Response;
use url::Url;

use super::service::{Service, good, message};

/// The pauses between looks at a job grow from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// The result of the job at this address, once it is done.
pub(super) async fn result(service: &Service, job: &Url) -> Result<Response> {
    wait(service, job).await?;
    good(service.getting.get(under(job, "results/result")?).send().await?).await
}

async fn wait(service: &Service, job: &Url) -> Result<()> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let phase = good(service.getting.get(under(job, "phase")?).send().await?).await?.text().await?;
        match phase.trim() {
            "COMPLETED" => return Ok(()),
            "PENDING" | "QUEUED" | "EXECUTING" | "SUSPENDED" | "UNKNOWN" => {}
            "ERROR" => {
                let why = message(service.getting.get(under(job, "error")?).send().await?).await;
                bail!("the service says: {why}");
            }
            other => bail!("the job ended in phase {other}"),
        }
        let limit = service.limits().job;
        ensure!(began.elapsed() < limit, "the job is not done after {} s: narrow the query", limit.as_secs());
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LAST_PAUSE);
    }
}

/// What lies below a job; its address has no slash at its end.
fn under(job: &Url, path: &str) -> Result<Url> {
    Ok(Url::parse(&format!("{}/{path}", job.as_str().trim_end_matches('/')))?)
}

/// Deletes a job, if the service lets us.
pub(super) async fn delete(service: &Service, job: &Url) {
    if let Err(error) = service.posting.delete(job.clone()).send().await {
        tracing::debug!("could not delete the job {job}: {error}");
    }
}
